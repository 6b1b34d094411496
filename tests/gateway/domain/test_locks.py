"""Locks: two decisions that have something to do with each other share one, and none is forgotten."""

from datetime import date
from typing import Any, get_args

import pytest
from msgspec import structs

from medsettle.wire.states import SaleState
from medsettle_gateway.domain import keys, moves
from medsettle_gateway.domain.credential import Proxy, Relation
from medsettle_gateway.domain.facts import (
    AccountFacts,
    AccountState,
    MemberFacts,
    State,
    TerminalFacts,
)
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.locks import (
    FREE,
    Kind,
    Lock,
    locks_of_key,
    locks_read,
    locks_written,
    ticket_lock,
)
from medsettle_gateway.domain.member import Aid, Enrolment, Owner, Scheme, Standing
from medsettle_gateway.domain.recovery import Became, Evidence, Reassertion
from medsettle_gateway.domain.tracing import TracedCode
from medsettle_gateway.domain.upstream import Errand
from tests.gateway.domain.prescribed import DRAW, REVIEW, WITHDRAWAL, registered
from tests.gateway.storage.stand import NOW, counter, entry, full_sale, key_record, request_id

DAY = date(2026, 3, 2)
TICKET = ticket_lock(request_id().ticket)
OF_M = Lock(Kind.MEMBER, "m")
A_KEY: dict[type[AnyKey], tuple[AnyKey, tuple[Lock, ...]]] = {
    keys.SaleKey: (keys.SaleKey(request_id().text), (TICKET,)),
    keys.ErrandKey: (keys.ErrandKey(request_id().text), (TICKET,)),
    keys.TicketKey: (keys.TicketKey(request_id().ticket), (TICKET,)),
    keys.RecentSalesKey: (keys.RecentSalesKey("m", "i", "d", NOW, 1), (OF_M,)),
    keys.LaterSalesKey: (keys.LaterSalesKey("m", NOW, 1), (OF_M,)),
    keys.PastSalesKey: (keys.PastSalesKey("m", NOW, 1), (OF_M,)),
    keys.SettledSinceKey: (keys.SettledSinceKey("m", NOW, 1), (OF_M,)),
    keys.DueHoldsKey: (keys.DueHoldsKey("m", NOW, 1), (OF_M,)),
    keys.StayEndKey: (keys.StayEndKey("m", "s"), (OF_M,)),
    keys.MemberKey: (keys.MemberKey("m"), (OF_M,)),
    keys.CountersKey: (keys.CountersKey("m", "r", "s", ()), (OF_M,)),
    keys.DispensedKey: (keys.DispensedKey("m", DAY, DAY, 1), (OF_M,)),
    keys.PrescriptionKey: (keys.PrescriptionKey("H1", "RX-1"), (Lock(Kind.PRESCRIPTION, "H1/RX-1"),)),
    keys.TraceCodesKey: (
        keys.TraceCodesKey(("1", "2")), (Lock(Kind.TRACE_CODE, "1"), Lock(Kind.TRACE_CODE, "2"))
    ),
    keys.CredentialUseKey: (keys.CredentialUseKey("c"), (Lock(Kind.CREDENTIAL, "c"),)),
    keys.EnrolCodeKey: (keys.EnrolCodeKey("h"), (Lock(Kind.CODE, "h"),)),
    keys.TerminalKey: (keys.TerminalKey("t"), (Lock(Kind.TERMINAL, "t"),)),
    keys.TerminalKeysKey: (keys.TerminalKeysKey("t"), (Lock(Kind.TERMINAL, "t"),)),
    keys.NonceKey: (keys.NonceKey("t", "n"), (Lock(Kind.NONCE, "t/n"),)),
    keys.KeyRecordKey: (keys.KeyRecordKey("k"), ()),
}
"""A key of each kind, and what it locks by itself. A record of a key locks the terminal that it names."""


def shown_again() -> Reassertion:
    proof = Evidence("/m", "d", "n", "k", 1, "OK", b"", "s", "c")
    return Reassertion(request_id().text, SaleState.SETTLED, 1, "t", NOW, Became.ENTERED, (), proof)


OF_T = Lock(Kind.TERMINAL, "t")
OF_RX = {Lock(Kind.PRESCRIPTION, "H1/RX-1")}
A_MOVE: dict[type[Any], tuple[moves.Move, set[Lock]]] = {
    moves.PutSale: (moves.PutSale(full_sale("m")), {TICKET, OF_M}),
    moves.PostEntry: (entry(), set()),
    moves.MoveBalance: (moves.MoveBalance("a", 1, 0), {Lock(Kind.ACCOUNT, "a")}),
    moves.MoveCounter: (moves.MoveCounter(counter(1, 0, "m")), {OF_M}),
    moves.KeepDispensed: (moves.KeepDispensed("s", "m", ()), {OF_M}),
    moves.DropDispensed: (moves.DropDispensed("s"), set()),
    moves.KeepPrescription: (moves.KeepPrescription(registered()), OF_RX),
    moves.KeepReview: (moves.KeepReview("H1", "RX-1", REVIEW), OF_RX),
    moves.KeepWithdrawal: (moves.KeepWithdrawal("H1", "RX-1", WITHDRAWAL), OF_RX),
    moves.DrawPrescriptions: (moves.DrawPrescriptions("s", (DRAW,)), OF_RX),
    moves.GiveBackPrescriptions: (moves.GiveBackPrescriptions("s", (DRAW,)), OF_RX),
    moves.SellCodes: (moves.SellCodes("s", "H1", (TracedCode("1", "i"),), NOW), {Lock(Kind.TRACE_CODE, "1")}),
    moves.ReturnCodes: (moves.ReturnCodes("s", (TracedCode("1", "i"),), NOW), {Lock(Kind.TRACE_CODE, "1")}),
    moves.UseCredential: (moves.UseCredential("c", "s", NOW, NOW), {Lock(Kind.CREDENTIAL, "c")}),
    moves.FreeCredential: (moves.FreeCredential("c", "s"), {Lock(Kind.CREDENTIAL, "c")}),
    moves.KeepProxy: (
        moves.KeepProxy(request_id().text, Proxy(Relation.SPOUSE, "王某", ""), NOW), {TICKET}
    ),
    moves.PutErrand: (moves.PutErrand(Errand(request_id().text, NOW)), {TICKET}),
    moves.DropErrand: (moves.DropErrand(request_id().text), {TICKET}),
    moves.KeepNonce: (moves.KeepNonce("t", "n", NOW), {Lock(Kind.NONCE, "t/n")}),
    moves.PutTerminal: (moves.PutTerminal(TerminalFacts("t", "i", "1", State.ACTIVE)), {OF_T}),
    moves.PutTerminalKey: (moves.PutTerminalKey(key_record(terminal="t")), {OF_T}),
    moves.EndTerminalKey: (moves.EndTerminalKey("k", NOW), set()),
    moves.KeepReassertion: (moves.KeepReassertion(shown_again()), {TICKET}),
    moves.EndRecovery: (moves.EndRecovery(1, "t", NOW), set()),
    moves.UseEnrolCode: (moves.UseEnrolCode("h", "k", NOW), {Lock(Kind.CODE, "h")}),
}
"""A move of each kind, and what it changes. What changes nothing comes with another move that does."""


def kinds_of_keys() -> list[type[AnyKey]]:
    named = [each for each in vars(keys).values() if isinstance(each, type) and issubclass(each, keys.Key)]
    return [kind for kind in named if kind is not keys.Key]


def facts(value: object, key: AnyKey = keys.MaskedNameKey("m")) -> Facts:  # noqa: B008 - a value
    return Facts({key: value})


@pytest.mark.parametrize("kind", kinds_of_keys(), ids=lambda kind: kind.__name__)
def test_every_key_locks_what_it_names_or_says_why_it_is_free(kind: type[AnyKey]) -> None:
    if kind in FREE:
        assert FREE[kind]
        assert kind not in A_KEY
        return
    key, expected = A_KEY[kind]
    assert locks_of_key(key) == expected


@pytest.mark.parametrize("kind", get_args(moves.Move), ids=lambda kind: kind.__name__)
def test_every_move_says_what_it_changes(kind: type[Any]) -> None:
    move, expected = A_MOVE[kind]
    assert locks_written((move,)) == expected


def test_all_attempts_of_a_ticket_share_one_lock() -> None:
    first, second = (RequestId.parse(f"H1-T1-20260302-7-{attempt}") for attempt in (1, 2))
    assert ticket_lock(first.ticket) == ticket_lock(second.ticket)
    assert ticket_lock(first.ticket) != ticket_lock(RequestId.parse("H1-T1-20260302-71-1").ticket)


def test_a_member_locks_every_account_that_may_pay() -> None:
    accounts = tuple(
        AccountFacts(name, Owner.SELF, "", "r", Scheme.EMPLOYEE, AccountState.ACTIVE, 0, 0)
        for name in ("a", "b")
    )
    member = MemberFacts(
        "m", "", "r", Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOL_ONLY, Aid.NONE, (), DAY, None, accounts
    )
    assert locks_read(facts(member)) == {Lock(Kind.ACCOUNT, "a"), Lock(Kind.ACCOUNT, "b")}


@pytest.mark.parametrize("several", [False, True])
def test_a_sale_locks_its_ticket_and_its_member_alone_or_in_a_list(several: bool) -> None:
    sale = full_sale("m")
    assert locks_read(facts((sale,) if several else sale)) == {TICKET, OF_M}


def test_a_sale_locks_the_prescriptions_that_it_draws_of() -> None:
    sale = structs.replace(full_sale("m"), drawn=(DRAW,))
    assert locks_read(facts(sale)) == {TICKET, OF_M, *OF_RX}


def test_a_record_of_a_key_locks_its_terminal() -> None:
    record = key_record()
    read = locks_read(facts(record, keys.KeyRecordKey(record.key)))
    assert read == {Lock(Kind.TERMINAL, record.terminal)}
    assert locks_written((moves.PutTerminalKey(record),)) == read


def test_only_what_was_asked_for_is_locked() -> None:
    mine, others = keys.MemberKey("m"), keys.MemberKey("n")
    known = Facts({mine: None, others: None})
    assert locks_read(known, (mine,)) == {OF_M}
    assert locks_read(known) == {OF_M, Lock(Kind.MEMBER, "n")}


def test_locks_have_one_order() -> None:
    ranked = [
        TICKET, OF_M, Lock(Kind.ACCOUNT, "a"), Lock(Kind.PRESCRIPTION, "a"), Lock(Kind.CREDENTIAL, "c"),
        Lock(Kind.TERMINAL, "a"),
    ]
    assert sorted([*ranked[2:], *ranked[:2]]) == ranked

