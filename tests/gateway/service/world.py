"""A small city for the service: real rules and calculation, a store in memory, a clock set by hand."""

import asyncio
import hashlib
import hmac
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from medsettle.wire.signing import verifier_of
from medsettle_gateway.domain.asked import AskedLine, Basket, Collect
from medsettle_gateway.domain.basket import CatalogueClass, LineKind
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.credential import AskedFor
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import (
    AccountFacts,
    AccountState,
    InstitutionFacts,
    KeyRecord,
    MemberFacts,
    ResolvedCredential,
    State,
    TerminalFacts,
)
from medsettle_gateway.domain.ids import RequestId, terminal_id
from medsettle_gateway.domain.member import Aid, Enrolment, Owner, Scheme, Standing
from medsettle_gateway.domain.place import Designation, InstitutionKind, Level, Specialty
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import SaleRecord, TenderRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.ledger.transition import moves_of_entry, opening
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.authority import Authority
from medsettle_gateway.service.commands import (
    Answer,
    Caller,
    Command,
    Confirm,
    Expire,
    GetSale,
    Quote,
    QuoteAnswer,
    RefusedAnswer,
    Release,
    Reverse,
    SaleAnswer,
    Seal,
    Settle,
    Shown,
)
from medsettle_gateway.service.desk import Desk, Identity, Rules
from medsettle_gateway.service.embedded import Embedded
from medsettle_gateway.service.emergency import Orders
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.quote_token import QuoteTokens
from medsettle_gateway.service.receipt import Receipts
from medsettle_gateway.service.rulebook import Rulebook
from medsettle_gateway.service.writer import Writer
from tests.gateway.service.family import bind_all
from tests.gateway.service.memory_store import MemoryStore, MemoryTransaction

REGION = "210300"
KEY = "key"
CLINIC, PHARMACY = "CLINIC", "PHARMACY"
NOON = datetime(2026, 7, 2, 12, 0, tzinfo=CST)
FATHER, DAUGHTER, NO_ACCOUNT = "m-father", "m-daughter", "m-flexible"
T = TypeVar("T")


@cache
def packs() -> Packs:
    return Packs.load(shipped_packs())


@dataclass
class HandClock:
    """Time stands still until it is set."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


class CheapSigner:
    def sign(self, statement: bytes) -> tuple[bytes, str]:
        return hmac.digest(b"answering", statement, hashlib.sha256), "statement.signature"


@dataclass
class Counter:
    """Resolves ``<member>#<number>``; anything else is what ``refusals`` say, or invalid."""

    refusals: dict[str, Refusal] = field(default_factory=dict)
    fault: Exception | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    asked_for: list[AskedFor] = field(default_factory=list)

    async def resolve(self, shown: Shown, asked: AskedFor, now: datetime) -> ResolvedCredential | Refusal:
        token = shown.token
        self.asked_for.append(asked)
        self.asked.set()
        if self.fault is not None:
            raise self.fault
        if token in self.refusals:
            return self.refusals[token]
        return ResolvedCredential(token, token.partition("#")[0], now + timedelta(minutes=5))


def spawn(work: Coroutine[Any, Any, None], *, name: str) -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_task(work, name=name)


def institution(code: str, kind: InstitutionKind, *held: Designation) -> InstitutionFacts:
    designations = held or (Designation.BASIC, Designation.POOLED_OUTPATIENT)
    return InstitutionFacts(
        code, code.title(), REGION, kind, Level.PRIMARY, Specialty.GENERAL, designations, State.ACTIVE
    )


def account(name: str, owner: Owner) -> AccountFacts:
    """Its owner goes by the account's own name."""
    return AccountFacts(name, owner, "张*", REGION, Scheme.EMPLOYEE, AccountState.ACTIVE, 0, 0, payer=name)


def member(name: str, *accounts: AccountFacts, **changes: Any) -> MemberFacts:
    facts = MemberFacts(
        name, "张*", REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT, Aid.NONE, (),
        date(2020, 1, 1), None, accounts,
    )
    return replace(facts, **changes)


def item(code: str, kind: LineKind, catalogue_class: CatalogueClass = CatalogueClass.A) -> CatalogueItem:
    return CatalogueItem(
        code, code, kind, catalogue_class, None, None, None, date(2020, 1, 1), None
    )


def line(code: str = "DRUG", amount_fen: int = 50_000, line_id: str = "1") -> AskedLine:
    return AskedLine(line_id, code, 10_000, amount_fen * 10_000, amount_fen)


def basket(*lines: AskedLine, **changes: Any) -> Basket:
    return Basket(lines or (line(),), **changes)


def split(pooled_fen: int = 0, cash_fen: int = 0, **accounts: int) -> Split:
    return Split.make({"pooled": pooled_fen}, accounts, cash_fen)


def a_city() -> MemoryStore:
    """Father and daughter share the father's account; a flexible worker has none."""
    store = MemoryStore()
    tables = store.tables
    for place in (
        institution(CLINIC, InstitutionKind.CLINIC),
        institution(PHARMACY, InstitutionKind.PHARMACY),
    ):
        tables.institutions[place.code] = place
    for goods in (
        item("DRUG", LineKind.DRUG),
        item("DRUG2", LineKind.DRUG),
        item("TONIC", LineKind.WELLNESS, CatalogueClass.C),
    ):
        tables.catalogue[REGION, goods.code] = (goods,)
    own, bound = account("a-father", Owner.SELF), account("a-father", Owner.PARENT)
    tables.members[FATHER] = member(FATHER, own)
    tables.members[DAUGHTER] = member(DAUGHTER, account("a-daughter", Owner.SELF), bound)
    tables.members[NO_ACCOUNT] = member(NO_ACCOUNT, enrolment=Enrolment.POOL_ONLY)
    bind_all(tables)
    tables.balances.update({"a-father": (0, 0), "a-daughter": (0, 0)})
    tills, key = enrolled(CLINIC, PHARMACY)
    tables.terminals.update({each.terminal: each for each in tills})
    tables.terminal_keys[key.key] = key
    return store


@dataclass
class World:
    """The running service, and a till that speaks for any terminal."""

    store: MemoryStore = field(default_factory=a_city)
    clock: HandClock = field(default_factory=HandClock)
    rules: Rules = field(default_factory=Rules)
    resolver: Counter = field(default_factory=Counter)
    packs: Packs = field(default_factory=packs)
    orders: Orders | None = None
    deciding: Callable[[Rulebook], Authority] = Embedded
    told: list[SaleRecord] = field(default_factory=list)
    reports: list[tuple[str, BaseException]] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.desk = Desk(
            Identity("gateway.test", b"root", "ed25519"),
            self.deciding(Rulebook(self.packs)),
            QuoteTokens(b"q" * 32),
            Receipts(CheapSigner()),
            verifier_of,
            self.rules,
            self.orders or Orders(),
        )
        self.writer = Writer(self.store, self.clock, self.desk, self.report, self.told.append)
        self.service = Service(
            self.store, self.clock, self.desk, self.resolver, self.writer, self.report
        )

    def report(self, what: str, error: BaseException) -> None:
        self.reports.append((what, error))

    async def started(self, **balances_fen: int) -> "World":
        """Starts the writer and opens accounts; ``_`` in a name stands for ``-``."""
        self.writer.start(spawn)
        for name, balance_fen in balances_fen.items():
            await self.open(name.replace("_", "-"), balance_fen)
        return self

    async def open(self, name: str, balance_fen: int) -> None:
        entry = opening(name, REGION, "employee", balance_fen, self.clock.now(), "import")
        async with self.store.begin() as transaction:
            assert isinstance(transaction, MemoryTransaction)
            await transaction.write(moves_of_entry(entry))

    def request_id(self, institution_code: str = CLINIC, till: str = "1", attempt: int = 1) -> RequestId:
        number = next(self.numbers)
        return RequestId.parse(f"{institution_code}-{till}-{self.clock.at:%Y%m%d}-{number}-{attempt}")

    def credential(self, who: str = FATHER) -> Shown:
        return Shown("ELECTRONIC", f"{who}#{next(self.numbers)}")

    def settle(
        self, request_id: RequestId | None = None, expected: Split | None = None, **changes: Any
    ) -> Settle:
        request_id = request_id or self.request_id()
        command = Settle(
            caller=caller_of(request_id),
            request_id=request_id,
            credential=self.credential(),
            basket=basket(),
            expected=expected or split(10_000, 0, **{"a-father": 40_000}),
            collect=Collect.NOW,
            operator="li",
            requested_at=self.clock.at,
        )
        return replace(command, **changes)

    async def ask(self, command: Command) -> Answer:
        return await self.service(command)

    async def sale(self, command: Command) -> SaleRecord:
        answer = await self.service(command)
        assert isinstance(answer, SaleAnswer), answer
        return answer.sale

    async def refused(self, command: Command) -> RefusedAnswer:
        answer = await self.service(command)
        assert isinstance(answer, RefusedAnswer), answer
        return answer

    async def quoted(self, who: str = FATHER, **changes: Any) -> QuoteAnswer:
        place = changes.pop("place", CLINIC)
        asked = Quote(caller("1", place), self.credential(who), changes.pop("basket", basket()), **changes)
        answer = await self.service(asked)
        assert isinstance(answer, QuoteAnswer), answer
        return answer

    async def settled(self, amount_fen: int = 50_000, who: str = FATHER, **changes: Any) -> SaleRecord:
        """Quotes, then settles what was quoted."""
        bought = changes.pop("basket", basket(line(amount_fen=amount_fen)))
        place = changes.pop("place", CLINIC)
        quote = await self.quoted(who, basket=bought, place=place)
        command = self.settle(
            None if place == CLINIC else self.request_id(place),
            expected=quote.split, basket=bought, credential=self.credential(who),
            acknowledgements=("POSSIBLE_DUPLICATE",),
        )
        return await self.sale(replace(command, **changes))

    async def held(self, amount_fen: int = 50_000, who: str = FATHER, **changes: Any) -> SaleRecord:
        return await self.settled(amount_fen, who, collect=Collect.LATER, **changes)

    def confirm(self, sale: SaleRecord, *tenders: TenderRecord) -> Confirm:
        cash_fen = sale.split.cash_fen if sale.split else 0
        paid = tenders or ((TenderRecord("cash", cash_fen),) if cash_fen else ())
        return Confirm(caller_of(sale.request_id), sale.request_id, paid, "li", self.clock.at)

    def release(self, request_id: RequestId) -> Release:
        return Release(caller_of(request_id), request_id, "li", self.clock.at)

    def reverse(self, request_id: RequestId) -> Reverse:
        return Reverse(caller_of(request_id), request_id, "wrong goods", "li", self.clock.at)

    def seal(self, request_id: RequestId) -> Seal:
        return Seal(caller_of(request_id), request_id, "li", self.clock.at)

    def get(self, request_id: RequestId) -> GetSale:
        return GetSale(caller_of(request_id), request_id)

    async def swept(self, request_id: RequestId) -> SaleRecord:
        await self.writer.submit(Expire(request_id.text))
        return self.store.tables.sales[request_id.text]

    def balance(self, name: str) -> tuple[int, int]:
        return self.store.tables.balances[name]


def caller(till: str, institution_code: str = CLINIC) -> Caller:
    return Caller(f"{institution_code}-{till}", institution_code, KEY)


def caller_of(request_id: RequestId) -> Caller:
    return Caller(request_id.terminal, request_id.institution, KEY)


def enrolled(*institutions: str) -> tuple[list[TerminalFacts], KeyRecord]:
    """Returns the tills of the tests, and the one key under which they all act."""
    tills = [
        TerminalFacts(terminal_id(place, till), place, till, State.ACTIVE)
        for place in institutions for till in ("1", "2", "9", "T1")
    ]
    begins, ends = datetime(2020, 1, 1, tzinfo=CST), datetime(2030, 1, 1, tzinfo=CST)
    return tills, KeyRecord(KEY, tills[0].terminal, "ed25519", b"der", begins, ends)


def beside(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    """Begins work at once, beside whatever else was begun."""
    return asyncio.get_running_loop().create_task(work)
