"""More calls than the gateway can take on, while somebody holds its database.

Who is turned away hears when to come back and has left nothing behind; who was taken on is done or not.
"""

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.contract.beside import Beside, hasty, held, while_one_waits
from tests.contract.foreign_client import ForeignTill, RefusedError
from tests.contract.running import Running, running
from tests.contract.selling import act, new_id, reason_of, sale_of

pytestmark = pytest.mark.e2e

CALLS_COUNT = 24
QUEUE_LENGTH = 5
TRIES_COUNT = 1_000
MEMBERS = ["2103000001", "2103000002", "2103000009", "2103000011"]

City = tuple[Running, ForeignTill]


@contextlib.contextmanager
def busy(folder: Path, **limits: int) -> Iterator[City]:
    """A gateway whose writer waits for as long as its database is held."""
    with running(folder, "aio", **{"store_busy_ms": 30_000, "retry_ms": 75, **limits}) as gateway:
        till = ForeignTill(gateway.target)
        till.enrol(gateway.enrol_code("01"))
        yield gateway, till
        till.close()


def begun(till: ForeignTill, ids: list[str]) -> list[Beside]:
    return [Beside(partial(till.call, "Seal", **act(each))) for each in ids]


def found(till: ForeignTill, request_id: str) -> str:
    """How a sale stands; nothing if there is none."""
    try:
        return till.state_of(till.call("GetSale", request_id=request_id).sale)
    except RefusedError as error:
        return "" if error.reason == "SALE_NOT_FOUND" else error.reason


def state_or_reason(till: ForeignTill, outcome: Any) -> str:
    return outcome.reason if isinstance(outcome, RefusedError) else till.state_of(outcome.sale)


def delay_ms(error: RefusedError) -> int:
    delay: int = error.attached["google.rpc.RetryInfo"].retry_delay.ToMilliseconds()
    return delay


def test_a_full_queue_turns_away_and_says_when_to_come_back_and_nothing_was_done(tmp_path: Path) -> None:
    with busy(tmp_path, queue_length=QUEUE_LENGTH, group_count=1) as (gateway, till):
        ids = [new_id(till) for _ in range(CALLS_COUNT)]
        with held(gateway) as let_go:
            calls = begun(till, ids)
            until_turned_away(calls)
            let_go()
        outcomes = dict(zip(ids, (call.result() for call in calls), strict=True))
        away = {each: error for each, error in outcomes.items() if isinstance(error, RefusedError)}
        assert {state_or_reason(till, each) for each in outcomes.values()} == {"SEALED", "OVERLOADED"}
        assert {(error.code, delay_ms(error), error.said["recorded"]) for error in away.values()} == {
            ("RESOURCE_EXHAUSTED", 75, "false"),
        }
        assert {each: found(till, each) for each in ids} == {
            each: "" if each in away else "SEALED" for each in ids
        }
        for each in away:
            assert till.state_of(till.call("Seal", **act(each)).sale) == "SEALED"


def until_turned_away(calls: list[Beside]) -> None:
    """Returns once a call has been refused: the queue is full by then."""
    for _ in range(TRIES_COUNT):
        if any(isinstance(call.outcome, RefusedError) for call in calls):
            return
        for call in calls:
            call.join(0.01)
    raise AssertionError("nobody was turned away")


def test_a_full_queue_keeps_nobody_from_looking_up(tmp_path: Path) -> None:
    with busy(tmp_path, queue_length=1, group_count=1) as (gateway, till), held(gateway) as let_go:
        calls = begun(till, [new_id(till) for _ in range(4)])
        until_turned_away(calls)
        assert till.call("ListSales") is not None
        assert found(till, new_id(till)) == ""
        let_go()
        assert "SEALED" in {state_or_reason(till, call.result()) for call in calls}


def test_what_is_past_its_deadline_in_the_queue_is_not_done_and_its_neighbours_are(tmp_path: Path) -> None:
    with busy(tmp_path) as (gateway, till):
        in_haste = hasty(till, gateway, 0.3)
        first, late, behind = ([new_id(till) for _ in range(3)] for _ in range(3))
        with held(gateway) as let_go:
            waiting = begun(till, first)
            while_one_waits(till, gateway, new_id(till))
            for call in begun(in_haste, late):
                assert "DEADLINE_EXCEEDED" in str(call.result())
            while_one_waits(till, gateway, new_id(till))
            waiting += begun(till, behind)
            let_go()
            assert {state_or_reason(till, call.result()) for call in waiting} == {"SEALED"}
        assert [found(till, each) for each in late] == [""] * 3
        in_haste.close()


def test_a_sale_that_was_turned_away_has_used_nothing_up_and_is_made_afterwards(tmp_path: Path) -> None:
    with busy(tmp_path, queue_length=1, group_count=1) as (gateway, till):
        sales = [sale_of(till, gateway, member, 100) for member in MEMBERS]
        with held(gateway) as let_go:
            calls = [Beside(partial(till.call, "Settle", **fields)) for fields in sales]
            until_turned_away(calls)
            let_go()
        assert "OVERLOADED" in {state_or_reason(till, call.result()) for call in calls}
        for fields in sales:
            assert till.state_of(till.call("Settle", **fields).sale) == "SETTLED"
        assert gateway.operator("ledger", "summary")["balanced"]
        listed = till.call("ListSales", page_size=50).sales
        assert sorted(sale.request_id for sale in listed) == sorted(each["request_id"] for each in sales)


def test_a_till_that_asks_too_often_hears_when_to_come_back_and_the_others_go_on(tmp_path: Path) -> None:
    limits = {"terminal_calls_per_s": 1, "terminal_burst_calls": 4}
    with busy(tmp_path, **limits) as (gateway, till):
        other = ForeignTill(gateway.target)
        other.enrol(gateway.enrol_code("02"))
        for _ in range(4):
            till.call("ListSales")
        refused = reason_of(partial(till.call, "ListSales"))
        assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "RATE_LIMITED")
        assert 75 <= delay_ms(refused) <= 1_000
        assert refused.said["recorded"] == "false"
        assert refused.said["zh"]
        assert other.call("ListSales") is not None
        assert till.state_of(till.call("Seal", **act(new_id(till))).sale) == "SEALED"
        other.close()


def test_an_address_of_strangers_is_turned_away_and_a_till_beside_them_sells(tmp_path: Path) -> None:
    limits = {"address_failures_per_s": 1, "address_burst_failures": 5}
    with busy(tmp_path, **limits) as (gateway, till):
        assert till.call("ListSales") is not None
        stranger = ForeignTill(gateway.target, terminal=till.terminal, audience=till.audience, root=till.root)
        reasons = [reason_of(partial(stranger.call, "ListSales")).reason for _ in range(12)]
        assert reasons[:5] == ["KEY_UNKNOWN"] * 5
        assert "RATE_LIMITED" in reasons[5:]
        settled = till.call("Settle", **sale_of(till, gateway, MEMBERS[0], 100))
        assert till.state_of(settled.sale) == "SETTLED"
        stranger.close()
