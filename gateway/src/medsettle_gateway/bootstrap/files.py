"""How many files the process may have open: each connection takes one."""

import contextlib
import sys
from typing import Final

OWN_FILES_COUNT: Final = 256
"""The database, its log, pipes, and what a library opens for a moment."""


def allow_files(connections_count: int) -> int | None:
    """Raises what the process may have open as far as it may, and as far as is needed.

    Returns for how many connections there are files; None where there is no such limit.
    """
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on Windows

        needed = connections_count + OWN_FILES_COUNT
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            with contextlib.suppress(OSError, ValueError):  # some systems allow less than they say
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
                soft = most
        if soft != resource.RLIM_INFINITY:
            return max(0, soft - OWN_FILES_COUNT)
    return None
