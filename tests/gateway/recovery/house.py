"""A whole gateway in this process, over any store, with tills that talk to it without a wire.

What is sold goes through signatures, codec, service and store; a restore puts an older state of the store in
its place, as a backup does.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from medsettle._exchange.signed import Reply, Request
from medsettle.aio import AsyncTill
from medsettle.config import TillConfig
from medsettle.hooks import Compared, HookEvent
from medsettle.models import Basket, Collect, Credential, Line, SaleCard, Split
from medsettle.wire.signing import Certificate, KeySigner, verifier_of
from medsettle_gateway.config import LimitsSection
from medsettle_gateway.domain.credential import AskedFor
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import KeyRecord, ResolvedCredential, State, TerminalFacts
from medsettle_gateway.domain.keys import MemberKey, SaleKey
from medsettle_gateway.domain.moves import Move, PutTerminal, PutTerminalKey
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.ledger.transition import moves_of_entry, opening
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.rpc.answering import Answerer, AnsweringKey
from medsettle_gateway.rpc.authentication import milliseconds
from medsettle_gateway.rpc.calls import Calls, Handled, Ports
from medsettle_gateway.service.commands import Shown
from medsettle_gateway.service.desk import Desk, Identity, Rules
from medsettle_gateway.service.embedded import Embedded
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.ports import Store
from medsettle_gateway.service.quote_token import QuoteTokens
from medsettle_gateway.service.receipt import Receipts
from medsettle_gateway.service.rulebook import Rulebook
from medsettle_gateway.service.writer import Writer
from tests.gateway.storage.memory_stand import MemoryStand
from tests.gateway.storage.stand import CLINIC, REGION, Stand, person

AUDIENCE = "gateway.test"
ROOT = KeySigner.generate()
MEMBER, OTHER_MEMBER = "2103000001", "2103000002"
NOT_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2060, 1, 1, tzinfo=UTC)
_RULES = Rules(duplicate_window=timedelta())

Restore = Callable[[], Awaitable[None]]
on_the_model = pytest.mark.parametrize("stand", ["model"], indirect=True)
"""For what no store decides: over the store that is a model alone."""


@cache
def packs() -> Packs:
    return Packs.load(shipped_packs())


@dataclass
class HouseClock:
    """The gateway's time: the machine's, moved by hand."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class TillClock:
    """A till's: the same; waiting costs nothing."""

    house: HouseClock
    waited_s: float = 0.0

    def now(self) -> datetime:
        return self.house.now()

    def monotonic(self) -> float:
        return time.monotonic() + self.waited_s

    def sleep(self, seconds: float) -> None:
        self.waited_s += seconds

    async def pause(self, seconds: float) -> None:
        self.waited_s += seconds
        await asyncio.sleep(0)


@dataclass
class Answering:
    """One process's key, certified by the root."""

    signer: KeySigner = field(default_factory=KeySigner.generate)

    def __post_init__(self) -> None:
        limits = (milliseconds(NOT_BEFORE), milliseconds(NOT_AFTER))
        certificate = Certificate.issue(ROOT, AUDIENCE, self.signer, *limits)
        self.key = AnsweringKey.of(self.signer, certificate)

    def sign(self, statement: bytes) -> tuple[bytes, str]:
        return self.signer.sign(statement), self.key.line


def _spawn(work: Coroutine[Any, Any, None], *, name: str) -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_task(work, name=name)


class House:
    """The gateway that runs now, and who it has known since it was founded."""

    def __init__(self, stand: Stand, folder: Path) -> None:
        self.stand = stand
        self.folder = folder
        self.clock = HouseClock()
        self.answering = Answering()
        self.members: dict[str, str] = {}
        self.keys: dict[str, KeySigner] = {}
        self.reports: list[tuple[str, BaseException]] = []
        self.handled: list[Handled] = []
        self.compared: list[Compared] = []
        self.tills: list[AsyncTill] = []
        self.copying: Callable[[], Awaitable[Restore]] | None = None
        self._restore: Restore | None = None
        self._tokens = itertools.count(1)

    async def found(self, *tills: str, account_fen: int = 1_000_000) -> "House":
        """A clinic with these tills, and two members, of whom each has so much on an account."""
        in_memory = isinstance(self.stand, MemoryStand)
        opened_fen = 0 if in_memory else account_fen
        people = [
            person(number, account_fen=opened_fen, id_number=f"21039919850412{number[-4:]}")
            for number in (MEMBER, OTHER_MEMBER)
        ]
        self.stand.enter_places()
        self.members = self.stand.enter(*people)
        await self.serve(self.stand)
        if in_memory:  # its balances come without an entry
            for number in self.members:
                entry = opening(f"a{number}", REGION, "employee", account_fen, self.clock.now(), "import")
                await self.write(*moves_of_entry(entry))
        for till in tills:
            await self.enrol(till)
        return self

    async def enrol(self, till: str, not_before: datetime = NOT_BEFORE) -> None:
        terminal, signer = f"{CLINIC}-{till}", self.keys.setdefault(till, KeySigner.generate())
        record = KeyRecord(signer.key, terminal, signer.suite, signer.public_key, not_before, NOT_AFTER)
        await self.write(
            PutTerminal(TerminalFacts(terminal, CLINIC, till, State.ACTIVE)), PutTerminalKey(record)
        )

    async def serve(self, stand: Stand) -> None:
        """Begins to answer from this store, with a new answering key: as a process does that starts."""
        self.stand, self.answering = stand, Answering()
        self.store: Store = await stand.opened()
        desk = Desk(
            Identity(AUDIENCE, ROOT.public_key, ROOT.suite), Embedded(Rulebook(packs())),
            QuoteTokens(b"q" * 32), Receipts(self.answering), verifier_of, _RULES,
        )
        self.writer = Writer(self.store, self.clock, desk, self._report)
        self.writer.start(_spawn)
        service = Service(self.store, self.clock, desk, self, self.writer, self._report)
        self.calls: Calls | None = Calls(
            Ports(
                AUDIENCE, service, self.store.load, self.clock, verifier_of,
                Answerer(lambda: self.answering.key), self._report, self.handled.append,
            ),
            LimitsSection(),
        )

    async def backs_up(self) -> None:
        """Copies the books as they are now."""
        assert self.copying is not None
        self._restore = await self.copying()

    async def restores(self) -> None:
        """Puts the last copy in the place of the books: what came after it is lost."""
        assert self._restore is not None
        await self._restore()

    async def stop(self) -> None:
        """Nobody answers any more."""
        self.calls = None
        await self.writer.drain()
        await self.store.close()

    async def close(self) -> None:
        for till in self.tills:
            await till.close()
        if self.calls is not None:
            await self.stop()

    async def resolve(self, shown: Shown, asked: AskedFor, now: datetime) -> ResolvedCredential | Refusal:
        number = shown.token.partition("#")[0]
        return ResolvedCredential(shown.token, self.members[number], now + timedelta(minutes=5))

    def _report(self, what: str, error: BaseException) -> None:
        self.reports.append((what, error))

    async def till(self, name: str, journal: str = "", institution: str = CLINIC) -> "Seller":
        """A till's program, with the journal that lies in the folder."""
        config = TillConfig(
            address="localhost:1", terminal=f"{institution}-{name}", audience=AUDIENCE,
            root_public_key=ROOT.public_key, key_file=self.folder / "unused",
            journal=self.folder / f"{journal or name}.journal", operator="7", insecure=True,
        )
        opened = await AsyncTill.open(
            config, clock=TillClock(self.clock), hooks=[self._hear], signer=self.keys[name],
            transport=Wire(self),
        )
        self.tills.append(opened)
        return Seller(self, opened)

    def _hear(self, event: HookEvent) -> None:
        if isinstance(event, Compared):
            self.compared.append(event)

    def credential(self, number: str = MEMBER) -> Credential:
        return Credential(f"{number}#{next(self._tokens)}")

    async def write(self, *moves: Move) -> None:
        async with self.store.begin() as transaction:
            await transaction.write(moves)

    async def sale(self, request_id: str) -> SaleRecord | None:
        return (await self.store.load((SaleKey(request_id),))).of(SaleKey(request_id))

    async def state(self, request_id: str) -> str:
        found = await self.sale(request_id)
        return "ABSENT" if found is None else found.state.value

    async def account(self, number: str = MEMBER) -> tuple[int, int]:
        """What a member's account has available and reserved, in fen."""
        key = MemberKey(self.members[number])
        facts = (await self.store.load((key,))).of(key)
        assert facts is not None
        return facts.accounts[0].balance_fen, facts.accounts[0].held_fen

    def reasons(self) -> Counter[str]:
        return Counter(each.reason for each in self.handled if each.reason)


@dataclass
class Wire:
    """The line between a till and the house. Each of ``faults`` answers one call of the method it names."""

    house: House
    faults: list[tuple[str, Callable[[Request], Coroutine[Any, Any, Reply]]]] = field(default_factory=list)

    async def call(self, request: Request, timeout_ms: int) -> Reply:
        if self.faults and request.call.method == self.faults[0][0]:
            return await self.faults.pop(0)[1](request)
        return await self.pass_on(request, timeout_ms)

    async def pass_on(self, request: Request, timeout_ms: int = 10_000) -> Reply:
        calls = self.house.calls
        if calls is None:
            return Reply("UNAVAILABLE")
        answer = await calls.handle(request.call.path, request.metadata, request.body, timeout_ms)
        trailing: dict[str, str | bytes] = dict(answer.trailer)
        if answer.status is None:
            return Reply("OK", answer.body, trailing)
        trailing["grpc-status-details-bin"] = answer.status.details
        return Reply(answer.status.code.value, b"", trailing)

    async def close(self) -> None:
        """Nothing to end."""


@dataclass
class Seller:
    """Somebody at a till."""

    house: House
    till: AsyncTill

    @property
    def line(self) -> Wire:
        transport = self.till._transport
        assert isinstance(transport, Wire)
        return transport

    async def sell(self, yuan: int = 500, collect: Collect = Collect.NOW, who: str = MEMBER) -> SaleCard:
        """Quotes and settles drugs for so much."""
        basket = Basket((Line("XA01", unit_price=yuan),))
        quote = await self.till.quote(self.house.credential(who), basket)
        return await self.till.settle(
            await self.till.next_number(), self.house.credential(who), basket, expected=quote.split,
            collect=collect, acknowledgements=("POSSIBLE_DUPLICATE",),
        )

    async def sold(self, yuan: int = 500, collect: Collect = Collect.NOW) -> str:
        card = await self.sell(yuan, collect)
        assert card.request_id is not None
        return card.request_id

    async def sold_and_lost_the_confirmation(self, by: "Seller | None" = None) -> str:
        """Sells a hold that the backup has; that it was confirmed, here or ``by`` another, is lost."""
        sold = await self.sold(500, Collect.LATER)
        await self.house.backs_up()
        await (by or self).till.confirm(sold)
        await self.house.restores()
        return sold

    async def refused(self) -> None:
        """Settles what nobody quoted. Raises QuoteChangedError."""
        basket = Basket((Line("XA01", unit_price=10),))
        await self.till.settle(
            await self.till.next_number(), self.house.credential(), basket, expected=Split(1, {}, {})
        )

    async def sold_two(self) -> tuple[str, tuple[Line, ...]]:
        """Sells two lines; returns the id, and the lines."""
        lines = tuple(Line("XA01", unit_price=yuan, line_id=str(yuan)) for yuan in (300, 200))
        basket = Basket(lines)
        quote = await self.till.quote(self.house.credential(), basket)
        card = await self.till.settle(
            await self.till.next_number(), self.house.credential(), basket, expected=quote.split
        )
        assert card.request_id is not None
        return card.request_id, lines

    async def took_back(self, request_id: str, *stay: Line) -> str:
        """Takes all but these lines back; returns the id of the sale that is left."""
        quote = await self.till.quote_return(request_id, stay)
        card = await self.till.return_goods(
            await self.till.next_number(), request_id, stay, expected=quote.split
        )
        assert card.request_id is not None
        return card.request_id
