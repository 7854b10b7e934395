from __future__ import annotations

import subprocess
import sys

import pytest

PROBE = """
import resource, sys
import numpy as np
from handwrite.train.memory import keep_freed_memory
if sys.argv[1] == "keep" and not keep_freed_memory():
    print(-1)
    raise SystemExit
def touch(): np.empty(20_000_000, np.uint8).fill(1)
touch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5): touch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(how: str) -> int:
    """Pages that the system had to hand out while the same large array was made five times."""
    run = subprocess.run([sys.executable, "-c", PROBE, how], capture_output=True, text=True, check=True)
    return int(run.stdout)


def test_freed_memory_is_used_again_without_new_pages() -> None:
    kept = page_faults("keep")
    if kept < 0:
        pytest.skip("no glibc here")
    assert kept < 100 < page_faults("leave")
