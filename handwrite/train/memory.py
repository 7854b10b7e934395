"""Keeps freed memory in the process, where the C library can do that.

Training on a CPU frees and asks for the same large tensors in every step. By default glibc hands them back to the
system and gets them anew, each page zeroed: measured, a third of the time. Other C libraries are left as they are.
"""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's malloc.h."""

LARGEST_KEPT = 32 << 20
"""Bytes of the largest block that is kept, the most that glibc admits: larger ones would leave holes in the heap."""

MOST_KEPT = 1 << 30
"""Bytes of free memory at the end of the heap that are kept."""


def keep_freed_memory() -> bool:
    """Tell glibc's malloc to keep what is freed; False where there is no such malloc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(MMAP_THRESHOLD, LARGEST_KEPT)) and bool(mallopt(TRIM_THRESHOLD, MOST_KEPT))
