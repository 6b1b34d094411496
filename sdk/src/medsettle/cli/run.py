"""Runs one command: what it raises becomes two sentences, a next step and an exit code."""

import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Final, TextIO

from medsettle.cli.counter import Counter, UsageError
from medsettle.cli.exits import of_reason
from medsettle.cli.lines import BasketTextError
from medsettle.cli.parser import OPEN, PAID, TROUBLE, USAGE, parser
from medsettle.cli.screen import Screen
from medsettle.errors import MedsettleError
from medsettle.till_reasons import TillReason

Command = Callable[[Counter], int]

_NOTHING_DONE: Final = frozenset({
    TillReason.STEP_NOT_ALLOWED, TillReason.NOTHING_DUE, TillReason.PAID_SALE_LOST,
})
"""The card says how the sale stands; what comes next, the error says."""
INTERRUPTED: Final = 130
"""As shells say it: the command was stopped from the keyboard, and no sale is in doubt over that."""


def run(
    words: Sequence[str] | None = None, *, source: TextIO | None = None, output: TextIO | None = None,
    complaints: TextIO | None = None,
) -> int:
    """Runs the command of these words, by default those of the process, and returns its exit code.

    The code says what became of the sale; that something could not be shown never changes it.
    """
    arguments = parser().parse_args(words)
    counter = Counter(
        arguments, Screen.on(output or sys.stdout), Screen.on(complaints or sys.stderr), source or sys.stdin
    )
    return _shown(counter, _ended(counter))


def _ended(counter: Counter) -> int:
    try:
        return _command(counter.arguments.command)(counter)
    except (UsageError, BasketTextError) as error:
        counter.complaints.show([str(error)])
        return USAGE
    except MedsettleError as error:
        return _failed(counter, error)
    except KeyboardInterrupt:
        return _interrupted(counter)
    except Exception as error:  # noqa: BLE001 - a cashier has no use for a traceback
        return _broken(counter, error)


def _shown(counter: Counter, code: int) -> int:
    """Says that the answer was lost on its way to the screen. A reader that left did not want the rest."""
    lost = [error for error in counter.screen.lost if not isinstance(error, BrokenPipeError)]
    if not lost:
        return code
    which = " ".join(["medsettle status", *counter.moved[-1:]])
    why = _told(lost[0])
    counter.complaints.show([
        f"结果无法显示或打印({why});业务不受影响,可用 {which} 再看。",
        f"The answer could not be shown or printed ({why}); the sale stands as it is: {which}.",
    ])
    _trace(counter, lost[0])
    return TROUBLE if code == PAID and not counter.moved else code


def _command(name: str) -> Command:
    from medsettle.cli import afterwards, doctor, enrolling, prescribing, selling  # noqa: PLC0415 - not for --help

    commands: dict[str, Command] = {
        "enrol": enrolling.enrolled, "check": selling.check, "quote": selling.quote, "sell": selling.sell,
        "status": afterwards.status, "explain": afterwards.explained, "reverse": afterwards.reverse,
        "recover": afterwards.recover, "refunded": afterwards.refunded, "seal": afterwards.seal,
        "release": afterwards.release, "return": selling.return_goods, "doctor": doctor.doctor,
        "prescription": prescribing.prescription,
    }
    return commands[name]


def _failed(counter: Counter, error: MedsettleError) -> int:
    _trace(counter, error)
    answer = {"error": error.refusal, "request_id": error.request_id, "card": error.card}
    counter.answer(answer, lambda: _show(counter, error))
    return of_reason(error.reason, type(error))


def _show(counter: Counter, error: MedsettleError) -> None:
    if error.card is not None:
        counter.screen.card(error.card, advised=error.reason not in _NOTHING_DONE)
    if error.card is None or error.card.refusal is None:
        counter.complaints.error(error, enrolled=counter.arguments.command != "enrol")


def _interrupted(counter: Counter) -> int:
    """A sale may be on its way: the journal knows, and recover ends it."""
    if counter.moved:
        counter.complaints.show([
            "", "已中断;请执行 medsettle recover。", "Interrupted: run medsettle recover.",
        ])
        return OPEN
    counter.complaints.show(["", "已中断,没有发出结算请求。", "Interrupted; no sale was begun."])
    return INTERRUPTED


def _broken(counter: Counter, error: Exception) -> int:
    """Our mistake. A sale that a call went out for is not known; recover finds out."""
    advice = (
        "请勿再次收费,请执行 medsettle recover。 Do not collect again: run medsettle recover."
        if counter.moved else "没有发出结算请求。 No sale was begun."
    )
    counter.complaints.show([
        f"收银程序内部出错({_told(error)})。 The till's program failed ({_told(error)}).",
        f"  -> {advice} (--debug)",
    ])
    _trace(counter, error)
    return OPEN if counter.moved else TROUBLE


def _told(error: Exception) -> str:
    cause = error.strerror if isinstance(error, OSError) else None
    return f"{type(error).__name__}: {cause}" if cause else type(error).__name__


def _trace(counter: Counter, error: Exception) -> None:
    if counter.arguments.debug:
        counter.complaints.show(["".join(traceback.format_exception(error)).rstrip()])
