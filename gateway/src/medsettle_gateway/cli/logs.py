"""The log: one line an event, as text for people or as JSON for programs, on standard error."""

import json
import logging
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from medsettle_gateway.config import LogSection

_UNTOLD: Final = ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks")
"""What is noted of every record unless it is said that nobody wants it: no line of ours shows it."""


class _Text(logging.Formatter):
    """``instant level event name=value ...``."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line, and the traceback below it where there is one."""
        pairs = " ".join(f"{name}={value}" for name, value in _fields(record).items() if value != "")
        line = f"{_instant(record)} {record.levelname.lower()} {record.getMessage()} {pairs}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _Json(logging.Formatter):
    """One JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line."""
        data = {
            "at": _instant(record), "level": record.levelname.lower(), "event": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            data["traceback"] = self.formatException(record.exc_info)
        return json.dumps(data, ensure_ascii=False, default=str)


class _Worker(logging.Filter):
    """Adds the number of the process."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record pass."""
        record.__dict__["fields"] = {**_fields(record), "worker": self._number}
        return True


def set_up(section: LogSection, worker: int | None = None) -> None:
    """Sends the gateway's log to standard error; of one of several processes each line says which."""
    for untold in _UNTOLD:
        setattr(logging, untold, False)
    handler = logging.StreamHandler()
    if worker is not None:
        handler.addFilter(_Worker(worker))
    handler.setFormatter(_Json() if section.format == "json" else _Text())
    logger = logging.getLogger("medsettle")
    logger.handlers[:] = [handler]
    logger.setLevel(section.level.upper())
    logger.propagate = False


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields


def _instant(record: logging.LogRecord) -> str:
    second, millisecond = divmod(int(record.created * 1000), 1000)
    return f"{_second(second)}.{millisecond:03}+00:00"


@lru_cache(maxsize=1)
def _second(second: int) -> str:
    """The many lines of a second begin alike."""
    return datetime.fromtimestamp(second, UTC).replace(tzinfo=None).isoformat()
