"""What no log may show: names, numbers of papers, phones and credentials of people, whatever the tests do.

Every record that is logged in the process of the tests is looked at, with its fields and its traceback, at
every level; and what the gateways that tests start have written into their logs.
"""

import csv
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest

from medsettle.testing import Gateway

LOGGERS: Final = ("", "medsettle", "httpx", "httpcore", "tenacity")
"""Those of the product, and those of the libraries that handle what people show."""
_SHOWN_CHARS: Final = 40
_LOG_BYTES: Final = 64_000_000
"""What is read of one log, from its end."""

PATTERNS: Final = {
    "number of a paper": re.compile(
        r"(?<![0-9A-Za-z])[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"
        r"(?![0-9A-Za-z])"
    ),
    "credential": re.compile(r"MSD1\.[A-Za-z0-9_-]{8,}"),
    "phone": re.compile(r"(?<![0-9A-Za-z.])1[3-9][0-9]{9}(?![0-9A-Za-z])"),
}


def _of_the_city() -> Iterator[str]:
    """Names and numbers of the people of the demo city."""
    text = (files("medsettle_gateway") / "demo_city" / "members.csv").read_text("utf-8-sig")
    for row in csv.DictReader(text.splitlines()):
        yield row["name"]
        yield row["id_number"]


_CITY: Final = re.compile("|".join(sorted(map(re.escape, set(_of_the_city())), key=len, reverse=True)))


def leaks_in(text: str) -> list[str]:
    """Returns what of a text no log may show: each with what it is and where it stands."""
    forms = {**PATTERNS, "person of the city": _CITY}
    return [
        f"{what}: …{_around(text, match)}…" for what, form in forms.items() for match in form.finditer(text)
    ]


def _around(text: str, match: re.Match[str]) -> str:
    return text[max(0, match.start() - _SHOWN_CHARS) : match.end() + _SHOWN_CHARS]


class Watch(logging.Handler):
    """Looks at every record, whatever its level."""

    def __init__(self) -> None:
        super().__init__(level=logging.NOTSET)
        self.found: list[str] = []
        self._formatter = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        told = [record.getMessage(), *(repr(value) for value in vars(record).get("fields", {}).values())]
        if record.exc_info:
            told.append(self._formatter.formatException(record.exc_info))
        self.look("\n".join(told), f"{record.name}, {record.pathname}:{record.lineno}")

    def look(self, text: str, where: str) -> None:
        self.found += [f"{where}: {each}" for each in leaks_in(text)]

    def read(self, log: Path) -> None:
        """Looks at a log that another process has written."""
        if log.is_file():
            with log.open("rb") as file:
                file.seek(max(0, log.stat().st_size - _LOG_BYTES))
                self.look(file.read().decode("utf-8", "replace"), log.name)

    def taken(self) -> list[str]:
        """Returns what was found since it was asked last."""
        found, self.found = self.found, []
        return found


@contextmanager
def watching() -> Iterator[Watch]:
    """Watches over the loggers and over every gateway that is started meanwhile."""
    watch = Watch()
    close = Gateway.close

    def closing(self: Gateway, *rest: Any) -> None:
        watch.read(self.directory / "gateway.log")
        close(self, *rest)

    root = logging.getLogger()
    root.addHandler(watch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gateway, "close", closing)
        for name in LOGGERS[1:]:
            patch.setattr(logging.getLogger(name), "level", logging.DEBUG)
        yield watch
    root.removeHandler(watch)
