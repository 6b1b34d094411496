"""What no log may show: names, numbers of papers, phones and credentials of people, whatever the tests do.

Every record that is logged in the process of the tests is looked at, with its fields and its traceback, at
every level; what gateways and other processes that tests start write into a log or say on standard error; and
what commands print that were not asked for clear text.
"""

import csv
import logging
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from medsettle import _commands, _process
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
        self._followed: dict[Path, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        told = [record.getMessage(), *(repr(value) for value in vars(record).get("fields", {}).values())]
        if record.exc_info:
            told.append(self._formatter.formatException(record.exc_info))
        self.look("\n".join(told), f"{record.name}, {record.pathname}:{record.lineno}")

    def look(self, text: str, where: str) -> None:
        self.found += [f"{where}: {each}" for each in leaks_in(text)]

    def read(self, log: Path) -> None:
        """Looks at what another process has written into a log since it was looked at last."""
        if log.is_file():
            size, begin = log.stat().st_size, self._followed.get(log, 0)
            with log.open("rb") as file:
                file.seek(max(begin, size - _LOG_BYTES) if begin <= size else 0)
                read = file.read()
                self._followed[log] = file.tell()
            self.look(read.decode("utf-8", "replace"), log.name)

    def follow(self, log: Path) -> None:
        """Looks at this log, too, after each test."""
        self._followed.setdefault(log, 0)

    def read_followed(self) -> None:
        """Looks at all of them; those that are not there any more are forgotten."""
        for log in list(self._followed):
            if log.is_file():
                self.read(log)
            else:
                del self._followed[log]

    def taken(self) -> list[str]:
        """Returns what was found since it was asked last."""
        found, self.found = self.found, []
        return found


_CLEAR: Final = ({"--clear"}, {"credential", "issue"})
"""Commands that are there to show what nothing else may."""


@contextmanager
def watching() -> Iterator[Watch]:
    """Watches over the loggers, and over every process, gateway and command that is started meanwhile."""
    watch = Watch()
    root = logging.getLogger()
    root.addHandler(watch)
    with pytest.MonkeyPatch.context() as patch:
        for name in LOGGERS[1:]:
            patch.setattr(logging.getLogger(name), "level", logging.DEBUG)
        _watch_gateways(watch, patch)
        _watch_processes(watch, patch)
        _watch_commands(watch, patch)
        yield watch
    root.removeHandler(watch)


def _watch_gateways(watch: Watch, patch: pytest.MonkeyPatch) -> None:
    close = Gateway.close

    def closing(self: Gateway, *rest: Any) -> None:
        if self.running:
            self.kill()
        watch.read(self.directory / "gateway.log")
        close(self, *rest)

    patch.setattr(Gateway, "close", closing)


def _watch_processes(watch: Watch, patch: pytest.MonkeyPatch) -> None:
    """What they say on standard error: into a file, or to whoever waits for their end."""
    start, communicate = subprocess.Popen.__init__, subprocess.Popen.communicate

    def starting(self: Any, *arguments: Any, **named: Any) -> None:
        start(self, *arguments, **named)
        said = named.get("stderr")
        name = getattr(named.get("stdout") if said == subprocess.STDOUT else said, "name", None)
        if isinstance(name, str):
            watch.follow(Path(name))

    def waiting(self: Any, *arguments: Any, **named: Any) -> Any:
        out, err = communicate(self, *arguments, **named)
        text = err.decode("utf-8", "replace") if isinstance(err, bytes) else err
        watch.look(text or "", f"standard error of {self.args}")
        return out, err

    patch.setattr(subprocess.Popen, "__init__", starting)
    patch.setattr(subprocess.Popen, "communicate", waiting)


def _watch_commands(watch: Watch, patch: pytest.MonkeyPatch) -> None:
    """What they print: names are masked unless clear text is asked for; and what those say that stand by."""
    invoke, end = CliRunner.invoke, _process.printed

    def invoking(self: CliRunner, cli: Any, args: Any = None, *rest: Any, **named: Any) -> Result:
        result = invoke(self, cli, args, *rest, **named)
        if not is_clear(args or ()):
            watch.look(result.output, f"output of {args}")
        return result

    def ending(arguments: Sequence[str], code: int, stdout: str, stderr: str) -> str:
        watch.look(stderr, f"standard error of {arguments}")
        return end(arguments, code, stdout, stderr)

    patch.setattr(CliRunner, "invoke", invoking)
    patch.setattr(_commands, "printed", ending)


def is_clear(arguments: Iterable[str]) -> bool:
    """Returns whether it is a command that is there to show clear text."""
    return any(each <= set(arguments) for each in _CLEAR)
