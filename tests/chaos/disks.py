"""Disks that fill up: a file system of their own where that is allowed, else a limit on their writers."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from random import Random

import psutil

_LARGEST_MB = 8_192
_KIB = 1_024


def mounting_is_allowed() -> bool:
    """Root on Linux, outside of most containers."""
    return sys.platform == "linux" and os.geteuid() == 0


class Disk:
    """A folder whose disk may be full for a while.

    ``mounted``: it is a file system in memory, which is made too small (ENOSPC). Else the processes that
    write there may make no file larger than the largest that there is (RLIMIT_FSIZE, EFBIG).
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.mounted = mounting_is_allowed() and _mount(folder, f"size={_LARGEST_MB}m")
        self._limited: list[psutil.Process] = []

    @property
    def kind(self) -> str:
        return "a file system of its own" if self.mounted else "a limit on its writers"

    @property
    def can_be_full(self) -> bool:
        """Not everywhere may the files of another process be limited."""
        return self.mounted or hasattr(psutil.Process, "rlimit")

    def fill(self, chance: Random, writers: Iterable[psutil.Process]) -> None:
        if self.mounted:
            found = os.statvfs(self.folder)
            used = (found.f_blocks - found.f_bfree) * found.f_frsize
            _mount(self.folder, f"remount,size={used // _KIB + chance.choice((0, 4, 32, 256))}k")
            return
        for each in writers:
            with contextlib.suppress(psutil.Error):
                _limit(each, self._largest_bytes())
                self._limited.append(each)

    def free(self) -> None:
        if self.mounted:
            _mount(self.folder, f"remount,size={_LARGEST_MB}m")
        for each in self._limited:
            with contextlib.suppress(psutil.Error):
                _limit(each, None)
        self._limited.clear()

    def close(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=False)
            self.mounted = False

    def _largest_bytes(self) -> int:
        return max((path.stat().st_size for path in self.folder.rglob("*") if path.is_file()), default=0)


def _mount(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "medsettle-chaos", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _limit(process: psutil.Process, largest_bytes: int | None) -> None:
    hard = process.rlimit(psutil.RLIMIT_FSIZE)[1]
    process.rlimit(psutil.RLIMIT_FSIZE, (hard if largest_bytes is None else largest_bytes, hard))
