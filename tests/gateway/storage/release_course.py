"""A course through everything that decisions ask of a store, and everything that they do to it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from msgspec import structs

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.credential import Proxy, Relation
from medsettle_gateway.domain.entry import Posting
from medsettle_gateway.domain.facts import EnrolCode
from medsettle_gateway.domain.keys import (
    AnyKey,
    AwaitedKey,
    CatalogueKey,
    CountersKey,
    CredentialUseKey,
    DispensedKey,
    DueHoldsKey,
    EnrolCodeKey,
    ErrandKey,
    InstitutionKey,
    KeyRecordKey,
    LaterSalesKey,
    MaskedNameKey,
    MemberKey,
    NonceKey,
    OpenPrescriptionsKey,
    OrdersKey,
    PastSalesKey,
    PrescriptionKey,
    RecentSalesKey,
    RecordsKey,
    RecoveryKey,
    SaleKey,
    SettledSinceKey,
    StayEndKey,
    TerminalKey,
    TerminalKeysKey,
    TicketKey,
    TraceCodesKey,
)
from medsettle_gateway.domain.moves import (
    DrawPrescriptions,
    DropDispensed,
    DropErrand,
    EndTerminalKey,
    FreeCredential,
    GiveBackPrescriptions,
    KeepDispensed,
    KeepNonce,
    KeepPrescription,
    KeepProxy,
    KeepReassertion,
    KeepReview,
    KeepWithdrawal,
    Move,
    MoveBalance,
    MoveCounter,
    PutErrand,
    PutSale,
    PutTerminal,
    PutTerminalKey,
    ReturnCodes,
    SellCodes,
    UseCredential,
    UseEnrolCode,
)
from medsettle_gateway.domain.records import Subject
from medsettle_gateway.domain.recovery import Became, Evidence, Finding, Reassertion
from medsettle_gateway.domain.tracing import TracedCode
from medsettle_gateway.domain.upstream import Errand
from medsettle_gateway.service.ports import SaleFilter, Store
from tests.gateway.domain.prescribed import DRAW, REVIEW, WITHDRAWAL, registered
from tests.gateway.storage.stand import (
    CLINIC,
    NOW,
    REGION,
    SECOND,
    TERMINAL,
    TODAY,
    Stand,
    counter,
    entry,
    full_sale,
    key_record,
    order,
    person,
    request_id,
    settlement,
    tie,
)

FATHER, SON = "1", "2"
DAY = timedelta(days=1)
SHOWN: Final = Reassertion(
    request_id(9).text, "SETTLED", 1, TERMINAL.terminal, NOW, Became.LEFT_TO_OPERATOR, (Finding.CONFLICT,),
    Evidence("/m", "d" * 64, "n" * 22, "k" * 16, 1_772_413_200_123, "OK", b"answer", "c2ln", "Yw=="),
)


def founded(stand: Stand) -> dict[str, str]:
    """Enters what the course needs besides, and returns the members' references."""
    stand.enter_places()
    stand.hand_out(EnrolCode("hash", CLINIC, "T1", NOW))
    stand.order(order())
    return stand.enter(person(FATHER), person(SON), ties=(tie(SON, FATHER),))


async def take_course(store: Store, refs: dict[str, str]) -> None:
    """Loads, writes, loads, changes, and asks what is due."""
    father, son = refs[FATHER], refs[SON]
    facts = (await store.load((MemberKey(father),))).of(MemberKey(father))
    assert facts is not None
    account = facts.accounts[0].account
    keys = keys_of(father, son)
    for moves in (first_moves(father, account), next_moves(father, account)):
        async with store.begin() as transaction:
            await transaction.load(keys)
            await transaction.write(moves)
        await store.load(keys)
        await store.load([key for number in range(1, 6) for key in keys_of(father, f"m{number}", number)])
    await store.list_sales(SaleFilter(CLINIC), 10, None)
    await store.due_sales(NOW + DAY, NOW + DAY, 10)
    await store.due_errands(NOW + DAY, 10)
    await store.last_committed_at()
    await store.chain(10, NOW)


def keys_of(father: str, son: str, number: int = 1) -> tuple[AnyKey, ...]:
    text, terminal, mark = request_id(number).text, f"{CLINIC}-T{number}", "" if number == 1 else str(number)
    return (
        SaleKey(text), ErrandKey(text), TicketKey(request_id(number).ticket),
        RecentSalesKey(father, CLINIC, "digest", NOW - DAY, 5), LaterSalesKey(father, NOW - DAY, 5),
        SettledSinceKey(father, NOW - DAY, 5), DueHoldsKey(son, NOW + DAY, 5), StayEndKey(father, "stay"),
        TerminalKey(terminal), KeyRecordKey(f"k{number}"), TerminalKeysKey(terminal),
        InstitutionKey(f"{CLINIC}{mark}"), MemberKey(father), MemberKey(son), MaskedNameKey(father),
        RecordsKey(Subject.MEMBER.named(father)), RecordsKey(Subject.INSTITUTION.named(f"H{mark}")),
        PastSalesKey(father, NOW - DAY, 5),
        CountersKey(father, REGION, "employee", ("2026",)),
        DispensedKey(father, TODAY - DAY, TODAY + DAY, 5),
        PrescriptionKey("H1", f"RX-{number}"), OpenPrescriptionsKey(father, TODAY, 5),
        OrdersKey(f"{REGION}{mark}", CLINIC, TODAY, TODAY, 5),
        CatalogueKey(f"{REGION}{mark}", ("XA01",)), CatalogueKey(f"{REGION}{mark}", ("XA02",), NOW),
        TraceCodesKey((f"8123456{mark}",)), CredentialUseKey(f"c{mark}"), EnrolCodeKey(f"hash{mark}"),
        NonceKey("s", f"n{mark}"), RecoveryKey(CLINIC, terminal),
        AwaitedKey(f"{CLINIC}{mark}"),
    )


def first_moves(member: str, account: str) -> tuple[Move, ...]:
    held = full_sale(member, settlements=(settlement(1), settlement(2)))
    drugs = (Dispensed("药", date(2026, 3, 2), 7, "hypertension", "general_outpatient"),)
    return (
        PutSale(held), PutErrand(Errand(held.request_id.text, NOW)),
        entry(Posting("book", "member/x", 5), Posting("book", "p", -5), counters=(counter(5, 0, member),)),
        MoveBalance(account, -3_000, 3_000), MoveCounter(counter(0, 700, member)),
        KeepDispensed(held.request_id.text, member, drugs),
        KeepPrescription(registered(member=member)), KeepReview("H1", "RX-1", REVIEW),
        DrawPrescriptions(held.request_id.text, (DRAW,)),
        SellCodes(held.request_id.text, CLINIC, (TracedCode("8123456", "XA01"),), NOW),
        UseCredential("c", held.request_id.text, NOW, NOW + SECOND), KeepNonce("s", "n", NOW + SECOND),
        KeepProxy(held.request_id.text, Proxy(Relation.CHILD, "张晓", "21030219850412001X"), NOW),
        PutTerminal(TERMINAL), PutTerminalKey(key_record()), UseEnrolCode("hash", "k1", NOW),
        KeepReassertion(SHOWN),
    )


def next_moves(member: str, account: str) -> tuple[Move, ...]:
    settled = structs.replace(full_sale(member), version=2, state=SaleState.SETTLED)
    return (
        PutSale(settled), DropErrand(settled.request_id.text),
        entry(Posting("book", "a", 1), Posting("book", "b", -1)),
        MoveBalance(account, 0, -3_000), MoveCounter(counter(700, -700, member)),
        DropDispensed(settled.request_id.text), GiveBackPrescriptions(settled.request_id.text, (DRAW,)),
        ReturnCodes(settled.request_id.text, (TracedCode("8123456", "XA01"),), NOW),
        KeepWithdrawal("H1", "RX-1", WITHDRAWAL), FreeCredential("c", settled.request_id.text),
        PutTerminal(replace(TERMINAL, state=TERMINAL.state)), EndTerminalKey("k1", NOW + SECOND),
    )
