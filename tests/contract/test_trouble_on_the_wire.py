"""The real gateway in trouble: another process holds its database, its places are taken, it is told to end.

Whatever happens, a till hears what to do, and a repeat under the same id settles the question.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.contract.beside import Beside, hasty, held, while_one_waits
from tests.contract.foreign_client import ForeignTill, RefusedError
from tests.contract.running import Running, running

pytestmark = pytest.mark.e2e

TRIES = 2_000


@contextmanager
def one_till(folder: Path, **limits: int) -> Iterator[tuple[Running, ForeignTill]]:
    with running(folder, "aio", **limits) as gateway:
        till = ForeignTill(gateway.target)
        till.enrol(gateway.enrol_code("01"))
        yield gateway, till
        till.close()


def new_id(till: ForeignTill, number: int) -> str:
    today = datetime.now(timezone(timedelta(hours=8))).strftime("%Y%m%d")
    return f"{till.terminal}-{today}-{number}-1"


def seal(till: ForeignTill, request_id: str) -> Any:
    requested_at = {"seconds": int(time.time())}
    return till.call("Seal", request_id=request_id, operator="op", requested_at=requested_at).sale


def refused_until(till: ForeignTill, reason: str) -> RefusedError:
    """Asks until the answer is this refusal: the call beside has arrived by then."""
    for _ in range(TRIES):
        try:
            till.call("ListSales")
        except RefusedError as error:
            if error.reason == reason:
                return error
    raise AssertionError(f"never refused with {reason}")


def test_one_call_more_than_there_are_places_is_told_when_to_come_back(tmp_path: Path) -> None:
    with one_till(tmp_path, in_flight=1, retry_ms=321) as (gateway, till), held(gateway) as let_go:
        first = Beside(lambda: seal(till, new_id(till, 1)))
        refused = refused_until(till, "OVERLOADED")
        delay = refused.attached["google.rpc.RetryInfo"].retry_delay
        let_go()
        assert (refused.code, delay.ToMilliseconds()) == ("RESOURCE_EXHAUSTED", 321)
        assert refused.said["recorded"] == "false"
        assert till.state_of(first.result()) == "SEALED"


def test_a_database_that_is_held_too_long_asks_for_a_repeat_that_succeeds(tmp_path: Path) -> None:
    with one_till(tmp_path, store_busy_ms=50) as (gateway, till):
        request_id = new_id(till, 1)
        with held(gateway):
            with pytest.raises(RefusedError) as caught:
                seal(till, request_id)
            assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "STORE_UNAVAILABLE")
            assert caught.value.said["recorded"] == "false"
            assert "google.rpc.RetryInfo" in caught.value.attached
        assert till.state_of(seal(till, request_id)) == "SEALED"


def test_what_waited_past_its_deadline_is_not_done_afterwards(tmp_path: Path) -> None:
    with one_till(tmp_path, store_busy_ms=20_000) as (gateway, till):
        in_haste = hasty(till, gateway, 0.3)
        with held(gateway) as let_go:
            first = Beside(lambda: seal(till, new_id(till, 1)))
            while_one_waits(till, gateway, new_id(till, 998))
            second = Beside(lambda: seal(in_haste, new_id(till, 2)))
            assert "DEADLINE_EXCEEDED" in str(second.result())
            while_one_waits(till, gateway, new_id(till, 999))
            let_go()
            assert till.state_of(first.result()) == "SEALED"
        with pytest.raises(RefusedError) as caught:
            till.call("GetSale", request_id=new_id(till, 2))
        assert caught.value.reason == "SALE_NOT_FOUND"
        in_haste.close()


@pytest.mark.skipif(sys.platform == "win32", reason="terminate ends a process at once there")
def test_told_to_end_it_finishes_what_was_begun_and_turns_away_the_rest(tmp_path: Path) -> None:
    with one_till(tmp_path, store_busy_ms=20_000) as (gateway, till), held(gateway) as let_go:
        begun = Beside(lambda: seal(till, new_id(till, 1)))
        while_one_waits(till, gateway, new_id(till, 999))
        gateway.process.terminate()
        turned_away = refused_until(till, "SHUTTING_DOWN")
        let_go()
        assert turned_away.code == "UNAVAILABLE"
        assert "google.rpc.RetryInfo" in turned_away.attached
        assert till.state_of(begun.result()) == "SEALED"
        assert gateway.process.wait(120) == 0
