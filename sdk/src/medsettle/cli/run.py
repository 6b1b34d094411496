"""Runs one command: what it raises becomes two sentences, a next step and an exit code."""

import sys
from collections.abc import Callable, Sequence
from typing import Final, TextIO

from medsettle.cli.counter import Counter, UsageError
from medsettle.cli.exits import of_reason
from medsettle.cli.lines import BasketTextError
from medsettle.cli.parser import OPEN, TROUBLE, USAGE, parser
from medsettle.cli.screen import Screen
from medsettle.errors import MedsettleError

Command = Callable[[Counter], int]

_MONEY: Final = frozenset({"sell", "reverse"})


def run(
    words: Sequence[str] | None = None, *, source: TextIO | None = None, output: TextIO | None = None,
    complaints: TextIO | None = None,
) -> int:
    """Runs the command of these words, by default those of the process, and returns its exit code."""
    arguments = parser().parse_args(words)
    counter = Counter(
        arguments, Screen.on(output or sys.stdout), Screen.on(complaints or sys.stderr), source or sys.stdin
    )
    try:
        return _command(arguments.command)(counter)
    except (UsageError, BasketTextError) as error:
        counter.complaints.show([str(error)])
        return USAGE
    except MedsettleError as error:
        return _failed(counter, error)
    except KeyboardInterrupt:
        return _interrupted(counter)


def _command(name: str) -> Command:
    from medsettle.cli import doctor, enrolling, selling  # noqa: PLC0415 - --help needs no network code

    commands: dict[str, Command] = {
        "enrol": enrolling.enrolled, "check": selling.check, "quote": selling.quote, "sell": selling.sell,
        "status": selling.status, "reverse": selling.reverse, "recover": selling.recover,
        "doctor": doctor.doctor,
    }
    return commands[name]


def _failed(counter: Counter, error: MedsettleError) -> int:
    if counter.wants_json:
        counter.answer({"error": error.refusal, "request_id": error.request_id, "card": error.card}, _nothing)
        return of_reason(error.reason, type(error))
    if error.card is not None:
        counter.screen.card(error.card)
    if error.card is None or error.card.refusal is None:
        counter.complaints.error(error)
    return of_reason(error.reason, type(error))


def _interrupted(counter: Counter) -> int:
    """A sale may be on its way: the journal knows, and recover ends it."""
    counter.complaints.show(["", "已中断;请执行 medsettle recover。 Interrupted: run medsettle recover."])
    return OPEN if counter.arguments.command in _MONEY else TROUBLE


def _nothing() -> None:
    """For people there is another way."""
