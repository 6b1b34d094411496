"""Which use case each command that writes belongs to, and how its facts are loaded."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.service import (
    compare,
    confirm,
    enrol,
    errands,
    expire,
    prescribing,
    reassert,
    replacing,
    settle,
    undo,
)
from medsettle_gateway.service.commands import (
    Confirm,
    Enrol,
    Expire,
    Release,
    Reverse,
    ReviewPrescription,
    RotateKey,
    Seal,
    WithdrawPrescription,
)
from medsettle_gateway.service.compare import Compare
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.errands import Heard, TakeErrand
from medsettle_gateway.service.prescribing import AskedRegistration
from medsettle_gateway.service.reassert import Reenter
from medsettle_gateway.service.recovering import guarded, stating
from medsettle_gateway.service.replacing import AskedReturn
from medsettle_gateway.service.settle import AskedSettle

Written = (
    AskedSettle | AskedReturn | Confirm | Release | Reverse | Seal | Reenter | Compare | Enrol | RotateKey
    | Expire | TakeErrand | Heard | AskedRegistration | ReviewPrescription | WithdrawPrescription
)
"""What the writer takes: a Settle once its credential was looked at, and every other command as it came."""

Needs = Callable[[Any, Facts, Now], tuple[AnyKey, ...]]
ROUNDS_COUNT: Final = 6
"""Rounds of loading after which a use case must know enough: three, and one more for each wait for a lock."""


class UseCase(NamedTuple):
    """What to load for a command, asked again with what is known; and what it comes to. Both are pure."""

    needs: Needs
    decide: Callable[[Any, Facts, Now], Decision]


_UNDO: Final = UseCase(*guarded(undo.needs, undo.decide, lambda command: command.request_id))

USE_CASES: Final[Mapping[type, UseCase]] = {
    AskedSettle: UseCase(
        *guarded(settle.needs, settle.decide, lambda asked: asked.command.request_id)
    ),
    AskedReturn: UseCase(
        *guarded(
            replacing.needs, replacing.decide, lambda asked: asked.command.request_id,
            lambda asked: asked.back.replaces,
        )
    ),
    Confirm: UseCase(*guarded(confirm.needs, confirm.decide, lambda command: command.request_id)),
    Release: _UNDO,
    Reverse: _UNDO,
    Seal: _UNDO,
    Reenter: UseCase(reassert.needs, reassert.decide),
    Compare: UseCase(compare.needs, compare.decide),
    Enrol: UseCase(enrol.needs_enrol, enrol.decide_enrol),
    RotateKey: UseCase(enrol.needs_rotate, enrol.decide_rotate),
    Expire: UseCase(expire.needs, expire.decide),
    TakeErrand: UseCase(errands.needs_take, errands.take),
    Heard: UseCase(*stating(errands.needs_hear, errands.hear)),
    AskedRegistration: UseCase(prescribing.needs_registration, prescribing.register),
    ReviewPrescription: UseCase(prescribing.needs_review, prescribing.review),
    WithdrawPrescription: UseCase(prescribing.needs_withdrawal, prescribing.withdraw),
}


_NOTHING: Final = Facts()


async def load_facts(
    load: Callable[[Sequence[AnyKey]], Awaitable[Facts]], needs: Needs, command: object, now: Now,
    facts: Facts = _NOTHING,
) -> Facts:
    """Returns all that a use case needs to know, beside the ``facts`` that are there already.

    Raises AssertionError if it never has enough.
    """
    for _ in range(ROUNDS_COUNT):
        asked = needs(command, facts, now)
        missing = tuple(dict.fromkeys(key for key in asked if key not in facts))
        if not missing:
            return facts
        facts = facts.joined(await load(missing))
    msg = f"{type(command).__name__} asks for more after {ROUNDS_COUNT} rounds"
    raise AssertionError(msg)
