"""What a store's contract is tried on: the stand of the embedded store, and values to put into one."""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import AskedLine, Basket, Collect
from medsettle_gateway.domain.basket import CatalogueClass, LineKind, Waiver
from medsettle_gateway.domain.breakdown import Breakdown, FundShare, LineBreakdown
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.entry import CounterMove, Entry, Posting
from medsettle_gateway.domain.facts import EnrolCode, KeyRecord, State, TerminalFacts
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import AnyKey
from medsettle_gateway.domain.member import Aid, Enrolment, Owner, Scheme, Standing
from medsettle_gateway.domain.moves import Move, PostEntry
from medsettle_gateway.domain.orders import OrderEnd, OrderRecord
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level
from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.domain.register import (
    CatalogueItem,
    CatalogueRow,
    FamilyTie,
    InstitutionRecord,
    MemberRecord,
)
from medsettle_gateway.domain.sale import (
    CounterDelta,
    Effect,
    Fingerprint,
    LineRecord,
    RefusalRecord,
    SaleRecord,
    SettlementRecord,
    TraceStep,
)
from medsettle_gateway.domain.split import Split
from medsettle_gateway.service.ports import ContendedError, Store
from medsettle_gateway.storage.catalogue import enter_catalogue
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.families import enter_families
from medsettle_gateway.storage.orders import put_end, put_order
from medsettle_gateway.storage.places import enter_institutions
from medsettle_gateway.storage.records import NewRecord, enter_records
from medsettle_gateway.storage.register import People
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.sqlite.database import migrate, open_database
from medsettle_gateway.storage.sqlite.store import SqliteStore
from medsettle_gateway.storage.stores import EmbeddedDatabase, writing
from medsettle_gateway.storage.terminals import hand_out_code

NOW = datetime(2026, 3, 2, 1, 0, 0, 123456, tzinfo=UTC)
TODAY = date(2026, 3, 2)
REGION = "210300"
CLINIC = "H21030200001"
SECOND = timedelta(seconds=1)
SEALER = Sealer.of(bytes(32))
ROOT_KEY = "r00t"
TERMINAL = TerminalFacts(f"{CLINIC}-T1", CLINIC, "T1", State.ACTIVE)
T = TypeVar("T")
_TRIES_COUNT, _TRY_S = 1_000, 0.01
PAID = CounterKey("2026", "general_outpatient", "paid")


class Stand(Protocol):
    """One kind of store in one place, with a register that can be filled."""

    async def opened(self) -> Store:
        """Returns the store; the caller closes it."""

    def enter(self, *members: MemberRecord, ties: tuple[FamilyTie, ...] = ()) -> dict[str, str]:
        """Enters members and ties, and returns references by number."""

    def enter_places(self) -> None:
        """Enters the clinic and a catalogue of two versions of one item."""

    def enter_records(self, *records: NewRecord, at: datetime = NOW) -> Entered:
        """Enters dated facts, as a file of them is."""

    def hand_out(self, code: EnrolCode) -> None:
        """Records a one-time code."""

    def order(self, order: OrderRecord, end: OrderEnd | None = None) -> None:
        """Records an emergency order, and its earlier end."""


class InDatabase:
    """What a stand of a database has entered through commands."""

    sealer: Sealer
    _numbers: Any

    def writing(self) -> contextlib.AbstractContextManager[Connection]:
        """A connection inside a writing transaction, which is committed at the end."""
        raise NotImplementedError

    def enter(self, *members: MemberRecord, ties: tuple[FamilyTie, ...] = ()) -> dict[str, str]:
        with self.writing() as connection:
            people = self.people(connection)
            people.enter_members(enumerate(members, 2))
            enter_families(people, enumerate(ties, 2))
            return {each.number: str(people.member_of(each.number)) for each in members}

    def people(self, connection: Any) -> People:
        return People(connection, self.sealer, NOW, lambda: f"r{next(self._numbers)}", "a test")

    def enter_places(self) -> None:
        with self.writing() as connection:
            enter_institutions(connection, [(2, clinic())], NOW, "a test")
            old = item(valid_to=date(2025, 12, 31), catalogue_class=CatalogueClass.B)
            new = item(valid_from=date(2026, 1, 1))
            enter_catalogue(connection, REGION, [(2, CatalogueRow(old)), (3, CatalogueRow(new))], NOW)

    def enter_records(self, *records: NewRecord, at: datetime = NOW) -> Entered:
        tally = Tally()
        with self.writing() as connection:
            enter_records(connection, list(enumerate(records, 2)), at, "a test", tally)
        return tally.entered()

    def hand_out(self, code: EnrolCode) -> None:
        with self.writing() as connection:
            assert hand_out_code(connection, code) is not None

    def order(self, order: OrderRecord, end: OrderEnd | None = None) -> None:
        with self.writing() as connection:
            put_order(connection, order, b"signed")
            if end is not None:
                put_end(connection, end, b"ended")


@dataclass
class SqliteStand(InDatabase):
    """A database file in a folder."""

    folder: Path
    sealer: Sealer = field(default=SEALER)
    _numbers: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.path = self.folder / "gateway.db"
        migrate(self.path)
        open_database(self.path, self.sealer, root=ROOT_KEY).close()

    def open(self) -> SqliteStore:
        return SqliteStore.open(self.path, self.sealer, root=ROOT_KEY, busy_ms=50)

    async def opened(self) -> SqliteStore:
        return self.open()

    def writing(self) -> contextlib.AbstractContextManager[Connection]:
        return writing(EmbeddedDatabase(self.path, 50), self.sealer, root=ROOT_KEY)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that looks at what is recorded."""
        with closing(open_database(self.path, self.sealer, root=ROOT_KEY)) as connection:
            yield connection


def clinic(**changes: Any) -> InstitutionRecord:
    place = Institution(
        InstitutionKind.CLINIC, Level.PRIMARY,
        designations=(Designation.BASIC, Designation.POOLED_OUTPATIENT),
    )
    return replace(InstitutionRecord(CLINIC, "第一门诊部", REGION, place, suspended=False), **changes)


def item(**changes: Any) -> CatalogueItem:
    one = CatalogueItem(
        "XA01", "阿莫西林胶囊", LineKind.DRUG, CatalogueClass.A, None, None, None, date(2022, 1, 1), None
    )
    return replace(one, **changes)


def person(number: str, **changes: Any) -> MemberRecord:
    one = MemberRecord(
        number, "张伟", "210399198504120019", REGION, Scheme.EMPLOYEE, Standing.ACTIVE,
        Enrolment.POOLED_AND_ACCOUNT, Aid.NONE, (), date(2010, 1, 1), None, 100_000, frozen=False,
    )
    return replace(one, **changes)


def tie(number: str, payer: str, relation: Owner = Owner.PARENT, **changes: Any) -> FamilyTie:
    """Since long ago, and with a standing consent."""
    since = date(2020, 1, 1)
    return replace(FamilyTie(number, payer, relation, since, consented_on=since), **changes)


def order(name: str = "o1", **changes: Any) -> OrderRecord:
    one = OrderRecord(
        name, REGION, (), (Waiver.LIMITS,), TODAY, TODAY + timedelta(days=9), "鞍山市医疗保障局",
        "鞍医保发〔2026〕9号", "王某", NOW,
    )
    return replace(one, **changes)


def request_id(number: int = 1, attempt: int = 1, till: str = "T1") -> RequestId:
    return RequestId.parse(f"{CLINIC}-{till}-20260302-{number}-{attempt}")


def sale(
    number: int = 1, attempt: int = 1, state: SaleState = SaleState.SEALED, till: str = "T1", **changes: Any
) -> SaleRecord:
    one = SaleRecord(
        request_id=request_id(number, attempt, till), state=state, first_state=state, version=1,
        operator="收银员01", service_on=TODAY, requested_at=NOW - SECOND, created_at=NOW, committed_at=NOW,
    )
    return structs.replace(one, **changes)


def settlement(number: int = 1, **changes: Any) -> SettlementRecord:
    line = LineBreakdown(12_000, 0, 0, 0, 0, 12_000)
    shares = (FundShare("pooled", 5_000),)
    breakdown = Breakdown(
        12_000, 0, 0, 0, 0, 12_000, 2_000, 0, shares, 7_000, (), 7_000, (line,)
    )
    one = SettlementRecord(
        number=number, benefit="general_outpatient", title_zh="普通门诊统筹", title_en="general outpatient",
        breakdown=breakdown, lines=(LineRecord("1", "XA01", "阿莫西林胶囊", "drug", "A"),),
        trace=(TraceStep("ratio", "benefits.x", "三(一)", {"ratio_ppm": 500_000}, 5_000),),
        remainders=(Remainder(PAID, 5_000, 300_000, 295_000),), pack="a-pack", pack_digest="d1",
        catalogue_digest="d2", engine_version="1", input_json=to_raw({"lines": [{"amount": 12_000}]}),
    )
    return structs.replace(one, **changes)


def full_sale(member: str, **changes: Any) -> SaleRecord:
    """A held sale with every field that a record may have."""
    facts: dict[str, Any] = {
        "fingerprint": Fingerprint("asked", member),
        "basket": Basket((AskedLine("1", "XA01", 10_000, 12_000_000, 12_000),), benefit="general_outpatient"),
        "basket_digest": "digest", "collect": Collect.LATER, "acknowledgements": ("POSSIBLE_DUPLICATE",),
        "member": member, "refusal": RefusalRecord(Reason.CONFIRM_TOO_LATE, {"limit": "1"}),
        "settlements": (settlement(),), "split": Split.make({"pooled": 5_000}, {"a": 3_000}, 4_000),
        "effect": Effect(
            REGION, "employee", (FundShare("pooled", 5_000),), (), 7_000, 0, (CounterDelta(PAID, 5_000),)
        ),
        "calculated_at": NOW, "hold_expires_at": NOW + 600 * SECOND, "business_on": TODAY,
        "recompute_due": ("other",),
    }
    return sale(state=SaleState.HELD, **{**facts, **changes})


def entry(
    *postings: Posting, counters: tuple[CounterMove, ...] = (), text: str = "", at: datetime = NOW
) -> PostEntry:
    return PostEntry(Entry(
        "SETTLED", text or request_id().text, at, TODAY, f"{CLINIC}-T1", "op", "", postings, counters
    ))


def key_record(key: str = "k1", **changes: Any) -> KeyRecord:
    one = KeyRecord(key, f"{CLINIC}-T1", "ed25519", b"der", NOW, NOW + 100 * SECOND)
    return replace(one, **changes)


def counter(used: int, held: int, member: str, key: CounterKey = PAID) -> CounterMove:
    return CounterMove(member, REGION, "employee", key, used, held)


async def write(store: Store, *moves: Move) -> None:
    async with store.begin() as transaction:
        await transaction.write(moves)


async def when_free(act: Callable[[], Awaitable[T]]) -> T:
    """Does it as soon as no other transaction is in the way."""
    for _ in range(_TRIES_COUNT):
        with contextlib.suppress(ContendedError):
            return await act()
        await asyncio.sleep(_TRY_S)
    return await act()


async def load(store: Store, key: AnyKey) -> Any:
    return (await store.load((key,))).of(key)
