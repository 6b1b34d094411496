"""A remote authority that misbehaves by script: what it does with a call, and what is heard of it.

It keeps the contract of ``service.remote``: a number is charged at most once, and one that was undone,
refused or resolved as not seen is never charged afterwards. Everything else may go wrong on the way.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from medsettle_gateway.domain.breakdown import AccountShare, Breakdown, LineBreakdown
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.sale import NO_INPUT, LineRecord, SaleRecord, SettlementRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.domain.upstream import Reference
from medsettle_gateway.service.authority import Decided, Question
from medsettle_gateway.service.commands import Shown
from medsettle_gateway.service.ports import Clock, Spawn
from medsettle_gateway.service.remote import (
    RefusedThere,
    Said,
    SettledThere,
    UndoneThere,
    UnknownThere,
    decided_by,
)

T = TypeVar("T")
NAME = "national"


class There(StrEnum):
    """Where a number stands at the authority; one that it has not seen has no entry."""

    CHARGED = "CHARGED"
    REFUSED = "REFUSED"
    UNDONE = "UNDONE"
    DEAD = "DEAD"
    """Never charged, and never to be charged any more."""


@dataclass(frozen=True)
class Fate:
    """What becomes of one call, in seconds from its sending.

    ``arrives``: when each copy of the request arrives; none: it is lost. ``answered``: how long after the
    first copy the answer is heard; None: it is lost. ``fails``: the call ends in an error at once, whatever
    arrives later. ``proves``: False, it answers that nothing is known, whatever it did.
    """

    arrives: tuple[float, ...] = (0.0,)
    answered: float | None = 0.0
    fails: bool = False
    proves: bool = True


SMOOTH = Fate()
SLOW = Fate(answered=5.0)
TOO_SLOW = Fate(answered=300.0)
REQUEST_LOST = Fate(arrives=())
ANSWER_LOST = Fate(answered=None)
TWICE = Fate(arrives=(0.0, 2.0))
BROKEN = Fate(arrives=(), fails=True)
BROKEN_AND_ARRIVES_LATER = Fate(arrives=(20.0,), fails=True)
ARRIVES_AFTER_WE_GAVE_UP = Fate(arrives=(120.0,), answered=None)
NOT_PROVEN = Fate(proves=False)
NEITHER_DONE_NOR_PROVEN = Fate(arrives=(), proves=False)
FATES = (
    SMOOTH, SLOW, TOO_SLOW, REQUEST_LOST, ANSWER_LOST, TWICE, BROKEN, BROKEN_AND_ARRIVES_LATER,
    ARRIVES_AFTER_WE_GAVE_UP, NOT_PROVEN, NEITHER_DONE_NOR_PROVEN,
)


@dataclass
class Scripted:
    """``script`` has the fates of calls to come, in their order; after it everything goes smoothly.

    ``refuses`` says of which sales it will hear nothing, ``charging`` what it charges instead of what was
    shown.
    """

    clock: Clock
    spawn: Spawn
    script: deque[Fate] = field(default_factory=deque)
    refuses: Callable[[SaleRecord], bool] = lambda _: False
    charging: Callable[[SaleRecord], Split] | None = None
    numbers: dict[str, There] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def charged(self) -> frozenset[str]:
        """Returns the numbers under which money is charged now."""
        return frozenset(number for number, there in self.numbers.items() if there is There.CHARGED)

    async def quote(self, question: Question, credential: Shown) -> Decided | Refusal | UnknownThere:
        del credential
        self.asked.append(("quote", question.member.member))
        total_fen = sum(line.amount_fen for line in question.basket.lines)
        split = Split.make({"hifp": total_fen // 2}, {}, total_fen - total_fen // 2)
        amounts = [line.amount_fen for line in question.basket.lines]
        settled = SettledThere((_settlement(amounts, split),), question.member.region, "310")
        return await self._told(lambda: decided_by(settled, NAME), UnknownThere())

    async def decide(self, sale: SaleRecord, credential: Shown) -> Said:
        del credential
        return await self._called("decide", sale, lambda: self._decide(sale))

    async def undo(self, sale: SaleRecord) -> UndoneThere | UnknownThere:
        return await self._called("undo", sale, lambda: self._undo(sale))

    async def resolve(self, sale: SaleRecord) -> Said:
        return await self._called("resolve", sale, lambda: self._resolve(sale))

    async def _called(self, what: str, sale: SaleRecord, does: Callable[[], T]) -> T | UnknownThere:
        self.asked.append((what, number_of(sale)))
        return await self._told(does, UnknownThere())

    async def _told(self, does: Callable[[], T], unknown: UnknownThere) -> T | UnknownThere:
        fate = self.script.popleft() if self.script else SMOOTH
        first: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        for after_s in fate.arrives:
            if after_s:
                self.spawn(self._arrives(after_s, does, first), name="copy")
            else:
                _keep(first, does())
        if fate.fails:
            raise ConnectionError(NAME)
        said = await first
        if fate.answered is None:
            await asyncio.get_running_loop().create_future()
        if fate.answered:
            await self.clock.sleep(fate.answered)
        return said if fate.proves else unknown

    async def _arrives(self, after_s: float, does: Callable[[], T], first: "asyncio.Future[T]") -> None:
        await self.clock.sleep(after_s)
        _keep(first, does())

    def _decide(self, sale: SaleRecord) -> Said:
        refused = There.REFUSED if self.refuses(sale) else There.CHARGED
        self.numbers.setdefault(number_of(sale), refused)
        return self._state(sale)

    def _undo(self, sale: SaleRecord) -> UndoneThere:
        there = self.numbers.get(number_of(sale))
        self.numbers[number_of(sale)] = There.DEAD if there is None else (
            There.UNDONE if there is There.CHARGED else there
        )
        return UndoneThere()

    def _resolve(self, sale: SaleRecord) -> Said:
        self.numbers.setdefault(number_of(sale), There.DEAD)
        return self._state(sale)

    def _state(self, sale: SaleRecord) -> Said:
        match self.numbers[number_of(sale)]:
            case There.CHARGED:
                return settled_there(sale, self.charging(sale) if self.charging else None)
            case There.UNDONE:
                return UndoneThere()
            case There.REFUSED:
                return RefusedThere("E-104", "该人员当日已达上限")
            case There.DEAD:
                return RefusedThere("E-000")


def _keep(first: "asyncio.Future[T]", said: T) -> None:
    if not first.done():
        first.set_result(said)


def number_of(sale: SaleRecord) -> str:
    assert sale.upstream is not None
    return sale.upstream.number


def settled_there(sale: SaleRecord, split: Split | None = None) -> SettledThere:
    """Returns the word of an authority that charged what was shown, or another split."""
    assert sale.upstream is not None
    shown = sale.upstream.expected
    charged = split or shown
    lines = sale.basket.lines if sale.basket is not None else ()
    total_fen = sum(fen for _, fen in (*shown.funds, *shown.accounts)) + shown.cash_fen
    settlement = _settlement([line.amount_fen for line in lines] or [total_fen], charged)
    refs = (Reference("setl_id", f"S-{number_of(sale)}"),)
    return SettledThere((settlement,), "210300", "310", refs)


def _settlement(amounts_fen: list[int], split: Split) -> SettlementRecord:
    accounts_fen = sum(part.amount_fen for part in split.accounts)
    total_fen = sum(amounts_fen)
    breakdown = Breakdown(
        total_fen=total_fen, provider_borne_fen=0, fully_self_paid_fen=0, over_limit_fen=0,
        self_pay_first_fen=0, in_scope_fen=total_fen, deductible_fen=0, over_cap_fen=0, funds=split.funds,
        personal_fen=accounts_fen + split.cash_fen,
        accounts=tuple(AccountShare(part.account, Owner.SELF, part.amount_fen) for part in split.accounts),
        cash_fen=split.cash_fen,
        lines=tuple(LineBreakdown(each, 0, 0, 0, 0, each) for each in amounts_fen),
    )
    lines = tuple(LineRecord(str(n), "DRUG", "DRUG", "drug", "A") for n, _ in enumerate(amounts_fen, 1))
    return SettlementRecord(
        1, "general_outpatient", "普通门诊", "General outpatient", breakdown, lines, (), (),
        pack="", pack_digest="", catalogue_digest="", engine_version="", input_json=NO_INPUT,
    )


def shifted(sale: SaleRecord) -> Split:
    """Returns what was shown, with one yuan more of the fund's part paid in cash."""
    assert sale.upstream is not None
    split = sale.upstream.expected
    first, *others = split.funds
    less = first._replace(amount_fen=first.amount_fen - 100)
    return Split.make(dict((less, *others)), dict(split.accounts), split.cash_fen + 100)
