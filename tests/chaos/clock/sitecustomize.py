"""A machine whose clock jumps: Python loads this at its start where this folder is on PYTHONPATH.

It stands between the gateway and the machine's time, for the process alone: the product has no switch for it.
``MEDSETTLE_CHAOS_CLOCK`` names a file of eight bytes, by how many microseconds the clock is ahead.
"""

import importlib.util
import mmap
import os
import struct
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib.machinery import ModuleSpec
from types import ModuleType

_PROCESS = "medsettle_gateway.bootstrap.process"


class _Finder:
    """Finds the module that asks the machine for its time, and gives its clock another hand."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _PROCESS:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            raise ImportError(name)
        loader = spec.loader
        load = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            module.SystemClock.now = _now

        loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _now(_clock: object) -> datetime:
    return datetime.now(UTC) + timedelta(microseconds=struct.unpack("<q", _AHEAD[:8])[0])


if _named := os.environ.get("MEDSETTLE_CHAOS_CLOCK"):
    with open(_named, "rb") as _file:  # noqa: PTH123 - at the start of every Python, so nothing more is loaded
        _AHEAD = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)
    sys.meta_path.insert(0, _Finder())
