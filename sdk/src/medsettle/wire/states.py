"""The states of a sale and the table that moves it: data that both sides, the tests and the
documents read.

``GATEWAY[state][event]`` is a :class:`Cell`. Every state has a cell for every event; an event that
changes nothing answers the state as it is. The names are those of ``medsettle.wire.v1.SaleState``
without their prefix.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from medsettle.wire.reasons import Reason


class SaleState(StrEnum):
    """Where a sale stands. ``ABSENT`` is never sent: no row exists."""

    ABSENT = "ABSENT"
    PENDING = "PENDING"
    HELD = "HELD"
    EXPIRED = "EXPIRED"
    SETTLED = "SETTLED"
    REFUSED = "REFUSED"
    SEALED = "SEALED"
    RELEASED = "RELEASED"
    REVERSED = "REVERSED"
    UNDOING = "UNDOING"


class Event(StrEnum):
    """What may happen to a sale: a call, the passing of time, or a remote authority's answer."""

    SETTLE = "SETTLE"
    CONFIRM = "CONFIRM"
    RELEASE = "RELEASE"
    REVERSE = "REVERSE"
    SEAL = "SEAL"
    HOLD_ENDED = "HOLD_ENDED"
    """The hold's ten minutes are over."""
    DAY_ENDED = "DAY_ENDED"
    """Twenty-four hours have passed since the hold ended."""
    AUTHORITY_SETTLED = "AUTHORITY_SETTLED"
    """It has charged the sale under its number."""
    AUTHORITY_REFUSED = "AUTHORITY_REFUSED"
    """It has charged nothing under the number, and never will."""
    AUTHORITY_UNDONE = "AUTHORITY_UNDONE"
    """It has taken back what it charged, if anything, and will charge nothing more under the number."""


class Outcome(StrEnum):
    """What the till may say of a sale."""

    PAID = "PAID"
    NOT_PAID = "NOT_PAID"
    OPEN = "OPEN"


@dataclass(frozen=True, slots=True)
class Cell:
    """What an event does in a state.

    ``to``: the states that may follow; the first is the plain case. Empty: nothing changes.
    ``refuse``: the event is refused with this reason and changes nothing.
    ``unwanted``: the sale is marked as one that nobody wants any more, once; a further such event changes
    nothing.
    """

    to: tuple[SaleState, ...] = ()
    refuse: Reason | None = None
    unwanted: bool = False


_S = SaleState
_SAME: Final = Cell()
_UNWANTED: Final = Cell((_S.PENDING,), unwanted=True)


def _row(**cells: Cell) -> dict[Event, Cell]:
    """One state's row: the cells that differ from "changes nothing, answers the state"."""
    return {event: cells.get(event.name, _SAME) for event in Event}


GATEWAY: Final[dict[SaleState, dict[Event, Cell]]] = {
    _S.ABSENT: _row(
        SETTLE=Cell((_S.SETTLED, _S.HELD, _S.REFUSED, _S.PENDING)),
        CONFIRM=Cell(refuse=Reason.SALE_NOT_FOUND),
        RELEASE=Cell((_S.SEALED,)),
        REVERSE=Cell((_S.SEALED,)),
        SEAL=Cell((_S.SEALED,)),
    ),
    _S.PENDING: _row(
        RELEASE=_UNWANTED,
        REVERSE=_UNWANTED,
        SEAL=_UNWANTED,
        # As it was asked for: charged now or held; UNDOING if it is unwanted, or other than was shown.
        AUTHORITY_SETTLED=Cell((_S.SETTLED, _S.HELD, _S.UNDOING)),
        AUTHORITY_REFUSED=Cell((_S.REFUSED,)),
        AUTHORITY_UNDONE=Cell((_S.REFUSED,)),
    ),
    # UNDOING: an authority without holds has charged it already.
    _S.HELD: _row(
        CONFIRM=Cell((_S.SETTLED,)),
        RELEASE=Cell((_S.RELEASED, _S.UNDOING)),
        REVERSE=Cell((_S.RELEASED, _S.UNDOING)),
        HOLD_ENDED=Cell((_S.EXPIRED, _S.UNDOING)),
    ),
    _S.EXPIRED: _row(
        CONFIRM=Cell((_S.SETTLED, _S.RELEASED)),
        RELEASE=Cell((_S.RELEASED,)),
        REVERSE=Cell((_S.RELEASED,)),
        DAY_ENDED=Cell((_S.RELEASED,)),
    ),
    _S.SETTLED: _row(REVERSE=Cell((_S.REVERSED, _S.UNDOING))),
    _S.REFUSED: _row(),
    _S.SEALED: _row(SETTLE=Cell(refuse=Reason.SEALED)),
    _S.RELEASED: _row(),
    _S.REVERSED: _row(),
    _S.UNDOING: _row(
        AUTHORITY_UNDONE=Cell((_S.REVERSED, _S.RELEASED, _S.SEALED, _S.REFUSED)),
    ),
}
"""The gateway's table. A repeated Settle with another fingerprint is refused before it is read."""

UNDONE_AS: Final[dict[SaleState, tuple[SaleState, ...]]] = {
    _S.SETTLED: (_S.REVERSED,),
    _S.HELD: (_S.RELEASED,),
    _S.PENDING: (_S.SEALED, _S.REFUSED),
}
"""What a sale is once it is undone, by the state in which it was before UNDOING.

From PENDING: SEALED if nobody wanted it any more, REFUSED if the authority charged other amounts than the
patient was shown.
"""


_SHOWN: Final = tuple(state for state in SaleState if state is not _S.ABSENT)


def _shown(otherwise: SaleState, **states: SaleState | None) -> dict[SaleState, SaleState | None]:
    """One state's row: what follows from each state that is shown."""
    return {shown: states.get(shown.name, otherwise) for shown in _SHOWN}


_OF_HOLDS: Final[dict[str, SaleState | None]] = {
    "SETTLED": _S.SETTLED, "RELEASED": _S.RELEASED, "REVERSED": _S.RELEASED, "REFUSED": None, "SEALED": None,
}

REASSERTED: Final[dict[SaleState, dict[SaleState, SaleState | None]]] = {
    # A hold whose reserve cannot be had any more comes back as one that has ended. What an authority beyond
    # the house was asked comes back with what it was asked by, and is found out.
    _S.ABSENT: {shown: shown for shown in _SHOWN},
    _S.PENDING: _shown(_S.PENDING),
    _S.HELD: _shown(_S.HELD, **_OF_HOLDS),
    _S.EXPIRED: _shown(_S.EXPIRED, **_OF_HOLDS),
    _S.SETTLED: _shown(
        _S.SETTLED, REVERSED=_S.REVERSED, REFUSED=None, SEALED=None, RELEASED=None, UNDOING=None
    ),
    _S.REFUSED: _shown(_S.REFUSED, SETTLED=None),
    _S.SEALED: _shown(_S.SEALED, SETTLED=None),
    _S.RELEASED: _shown(_S.RELEASED, SETTLED=None),
    _S.REVERSED: _shown(_S.REVERSED),
    _S.UNDOING: _shown(_S.UNDOING),
}
"""What follows, after a restore with loss, where the books have the first state and a signed answer shows the
second. The books' own state: they know as much, or more. None: both cannot be true, and a person decides.
"""

OUTCOME: Final[dict[SaleState, Outcome]] = {
    _S.ABSENT: Outcome.OPEN,
    _S.PENDING: Outcome.OPEN,
    _S.HELD: Outcome.OPEN,
    _S.EXPIRED: Outcome.OPEN,
    _S.SETTLED: Outcome.PAID,
    _S.REFUSED: Outcome.NOT_PAID,
    _S.SEALED: Outcome.NOT_PAID,
    _S.RELEASED: Outcome.NOT_PAID,
    _S.REVERSED: Outcome.NOT_PAID,
    _S.UNDOING: Outcome.OPEN,
}
"""What each recorded state means at the till. A state that a reader does not know is OPEN."""

ALIVE: Final = frozenset({_S.PENDING, _S.HELD, _S.EXPIRED, _S.SETTLED, _S.UNDOING})
"""Of the attempts of one ticket, at most one may be in these states."""


def outcome_of(state: str) -> Outcome:
    """Returns what a state means at the till; a state that this release does not know is OPEN."""
    return OUTCOME[SaleState(state)] if state in SaleState.__members__ else Outcome.OPEN
