"""Keeps freed memory with the process: without it, large tensors come as fresh pages each time (glibc)."""
import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3         # of mallopt


def keep_memory():
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(MMAP_THRESHOLD, 1 << 30)
    mallopt(TRIM_THRESHOLD, 2 ** 31 - 1)
