"""Keeps freed memory in the process, where the C library can do that.

Training on a CPU frees and asks for the same large tensors in every step. By default glibc hands them back to the
system and gets them anew, each page zeroed: measured, a third of the time. Other C libraries are left as they are.
"""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD = -1
MMAP_MAX = -4
"""Numbers of glibc's malloc.h: how much free memory is kept, and how many blocks may be mapped on their own."""


def keep_freed_memory() -> bool:
    """Tell glibc's malloc to keep what is freed; False where there is no such malloc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(MMAP_MAX, 0)) and bool(mallopt(TRIM_THRESHOLD, -1))
