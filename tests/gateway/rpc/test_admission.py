"""Who may call how often: a till by its own doings, a stranger by its address, neither at another's cost."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from medsettle.wire.calls import ENROL, GET_SALE, LIST_SALES, QUOTE, SEAL, Call
from medsettle.wire.reasons import REASONS, Code, Reason
from medsettle.wire.signing import KeySigner
from medsettle.wire.v1 import settlement_pb2, terminal_pb2
from medsettle_gateway.config import LimitsSection
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.rpc import admission
from medsettle_gateway.rpc.admission import network_of
from medsettle_gateway.service.commands import RefusedAnswer
from tests.gateway.rpc.stage import NOW, REQUEST_ID, TERMINAL, TILL, Refused, Stage, bytes_of, seal, signed

TIGHT = LimitsSection(
    terminal_calls_per_s=2, terminal_burst_calls=3, address_failures_per_s=1, address_burst_failures=2,
    retry_ms=100,
)
OTHER, NEIGHBOUR = "P21030200101-01", KeySigner.generate()
LIST = bytes_of(settlement_pb2.ListSalesRequest())
HERE, THERE = "ipv4:192.0.2.7:51312", "ipv4:192.0.2.8:40000"


def stage_of(limits: LimitsSection = TIGHT) -> Stage:
    stage = Stage(limits=limits)
    stage.register.add(OTHER, NEIGHBOUR)
    stage.service.line = RefusedAnswer(RefusalRecord(Reason.SALE_NOT_FOUND), recorded=False)
    return stage


async def reason(stage: Stage, call: Call, peer: str = HERE, **how: object) -> str:
    return (await refused(stage, call, peer, **how)).reason


async def refused(stage: Stage, call: Call, peer: str = HERE, **how: object) -> Refused:
    body = seal() if call is SEAL else LIST
    metadata = signed(call, body, **how) if how.pop("signs", True) else {}  # type: ignore[arg-type] # facts
    return Refused.of(await stage.calls.handle(call.path, metadata.items(), body, None, lambda: peer))


async def reasons(stage: Stage, call: Call, count: int, peer: str = HERE, **how: object) -> list[str]:
    return [await reason(stage, call, peer, **how) for _ in range(count)]


async def test_a_till_beyond_its_burst_is_told_when_to_come_back() -> None:
    stage = stage_of()
    assert await reasons(stage, SEAL, 3) == ["SALE_NOT_FOUND"] * 3
    answer = await refused(stage, SEAL)
    assert (answer.reason, answer.retry_ms, answer.said["recorded"]) == ("RATE_LIMITED", 500, "false")
    assert REASONS[Reason.RATE_LIMITED].code is Code.RESOURCE_EXHAUSTED
    assert len(stage.service.asked) == 3
    stage.clock.at += timedelta(milliseconds=500)
    assert await reasons(stage, SEAL, 2) == ["SALE_NOT_FOUND", "RATE_LIMITED"]


async def test_a_call_whose_key_is_long_in_being_looked_up_counts_when_it_is_counted() -> None:
    """By the instant at which it came, the time from then to now would fill its till's bucket twice."""
    stage = stage_of()
    asked, found = asyncio.Event(), asyncio.Event()
    load = stage.calls._ports.load

    async def slowly(keys: Sequence[AnyKey]) -> Facts:
        if not asked.is_set():
            asked.set()
            await found.wait()
        return await load(keys)

    stage.calls._ports = replace(stage.calls._ports, load=slowly)
    first = asyncio.create_task(reason(stage, SEAL))
    await asked.wait()
    assert await reasons(stage, SEAL, 2) == ["SALE_NOT_FOUND"] * 2
    stage.clock.at += timedelta(milliseconds=500)
    assert await reason(stage, SEAL) == "SALE_NOT_FOUND"
    found.set()
    assert await first == "SALE_NOT_FOUND"
    assert await reason(stage, SEAL) == "RATE_LIMITED"


async def test_no_delay_is_shorter_than_that_of_a_full_queue() -> None:
    stage = stage_of(LimitsSection(terminal_calls_per_s=1_000, terminal_burst_calls=1, retry_ms=250))
    await reason(stage, SEAL)
    assert (await refused(stage, SEAL)).retry_ms == 250


async def test_a_limited_call_is_refused_with_the_gateways_signature() -> None:
    stage = stage_of()
    await reasons(stage, SEAL, 3)
    answer = await stage.ask(SEAL, seal())
    assert Refused.of(answer).reason == "RATE_LIMITED"
    assert "answer-signature" in dict(answer.trailer)
    assert stage.handled[-1].reason == "RATE_LIMITED"


async def test_one_till_does_not_use_up_anothers_calls() -> None:
    stage = stage_of()
    await reasons(stage, LIST_SALES, 4)
    assert await reason(stage, LIST_SALES, terminal=OTHER, signer=NEIGHBOUR) == "SALE_NOT_FOUND"


@pytest.mark.parametrize("question", [LIST_SALES, QUOTE])
async def test_questions_without_pause_do_not_keep_a_till_from_ending_its_sales(question: Call) -> None:
    stage = stage_of()
    assert "RATE_LIMITED" in await reasons(stage, LIST_SALES, 4)
    assert await reason(stage, question) == "RATE_LIMITED"
    assert await reasons(stage, SEAL, 3) == ["SALE_NOT_FOUND"] * 3


async def test_looking_a_sale_up_counts_with_the_sales() -> None:
    stage = stage_of()
    await reasons(stage, SEAL, 3)
    assert await reason(stage, GET_SALE) == "RATE_LIMITED"
    assert await reason(stage, LIST_SALES) == "SALE_NOT_FOUND"


async def test_who_only_claims_to_be_a_till_spends_none_of_its_calls() -> None:
    stage = stage_of()
    stranger = KeySigner.generate()
    found = [await reason(stage, SEAL, f"ipv4:192.0.2.{n}:1", signer=stranger) for n in range(20)]
    assert found == ["KEY_UNKNOWN"] * 20
    assert await reason(stage, SEAL) == "SALE_NOT_FOUND"


async def test_an_address_of_strangers_is_turned_away_until_time_has_passed() -> None:
    stage = stage_of()
    stranger = KeySigner.generate()
    assert await reasons(stage, SEAL, 4, signer=stranger) == ["KEY_UNKNOWN"] * 2 + ["RATE_LIMITED"] * 2
    assert await reason(stage, SEAL, THERE, signer=stranger) == "KEY_UNKNOWN"
    stage.clock.at += timedelta(seconds=1)
    assert await reasons(stage, SEAL, 2, signer=stranger) == ["KEY_UNKNOWN", "RATE_LIMITED"]


async def test_calls_without_a_signature_count_for_the_address_too() -> None:
    stage = stage_of()
    assert await reasons(stage, SEAL, 3, signs=False) == ["SIGNATURE_MISSING"] * 2 + ["RATE_LIMITED"]


async def test_guessing_enrolment_codes_ends_soon() -> None:
    stage = stage_of()
    stage.service.line = RefusedAnswer(RefusalRecord(Reason.ENROL_CODE_INVALID), recorded=False)
    body = bytes_of(terminal_pb2.EnrolRequest(code="C", suite="ed25519", public_key=TILL.public_key))
    metadata = signed(ENROL, body).items()
    found = [
        Refused.of(await stage.calls.handle(ENROL.path, metadata, body, None, lambda: HERE)).reason
        for _ in range(3)
    ]
    assert found == ["ENROL_CODE_INVALID"] * 2 + ["RATE_LIMITED"]


async def test_a_till_that_has_sold_is_served_beside_strangers_at_its_address() -> None:
    stage = stage_of()
    assert await reason(stage, SEAL) == "SALE_NOT_FOUND"
    assert "RATE_LIMITED" in await reasons(stage, SEAL, 9, signs=False)
    assert await reason(stage, SEAL) == "SALE_NOT_FOUND"


async def test_a_till_that_signs_wrongly_is_turned_away_by_itself() -> None:
    stage = stage_of()
    await reason(stage, SEAL)
    await reason(stage, LIST_SALES, terminal=OTHER, signer=NEIGHBOUR)
    wrong = {"audience": "another"}
    assert await reasons(stage, SEAL, 3, **wrong) == ["SIGNATURE_INVALID"] * 2 + ["RATE_LIMITED"]
    assert await reason(stage, LIST_SALES, terminal=OTHER, signer=NEIGHBOUR) == "SALE_NOT_FOUND"
    assert await reason(stage, SEAL, signs=False) == "SIGNATURE_MISSING"


async def test_refusals_of_what_is_asked_spend_nothing_of_the_address() -> None:
    one = LimitsSection(terminal_calls_per_s=0, address_failures_per_s=1, address_burst_failures=1)
    stage = stage_of(one)
    assert await reasons(stage, SEAL, 20) == ["SALE_NOT_FOUND"] * 20


async def test_where_it_is_not_known_who_calls_no_address_is_limited() -> None:
    stage = stage_of()
    assert await reasons(stage, SEAL, 20, "", signs=False) == ["SIGNATURE_MISSING"] * 20
    assert await reasons(stage, SEAL, 20, "unix:", signs=False) == ["SIGNATURE_MISSING"] * 20


async def test_limits_of_nought_are_none() -> None:
    stage = stage_of(LimitsSection(terminal_calls_per_s=0, address_failures_per_s=0))
    assert set(await reasons(stage, SEAL, 700)) == {"SALE_NOT_FOUND"}
    assert set(await reasons(stage, SEAL, 300, signs=False)) == {"SIGNATURE_MISSING"}


async def test_strangers_without_number_leave_a_bounded_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_REMEMBERED_COUNT", 8)
    stage = stage_of(LimitsSection(address_failures_per_s=1))
    for number in range(200):
        await reason(stage, SEAL, f"ipv4:10.0.0.{number}:1", signs=False)
        signer = KeySigner.generate()
        stage.register.add(TERMINAL, signer)
        await reason(stage, SEAL, signer=signer)
    found = stage.calls._admission
    assert len(found._failures) <= 8
    assert len(found._proven) <= 8


@pytest.mark.parametrize(("peer", "network"), [
    ("ipv4:192.0.2.7:51312", "192.0.2.7"),
    ("ipv6:[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64"),
    ("ipv6:%5B2001:db8:1:2::9%5D:443", "2001:db8:1:2::/64"),
    ("ipv6:%5B::1%5D:50051", "::/64"),
    ("ipv6:%5Bfe80::1%25eth0%5D:50051", "fe80::/64"),
    ("ipv6:[::ffff:192.0.2.7]:51312", "192.0.2.7"),
    ("unix:/run/gateway.sock", ""), ("unix:", ""), ("ipv4:nonsense", ""), ("", ""), ("in-process", ""),
])
def test_a_network_is_an_address_or_a_customers_share_of_ipv6(peer: str, network: str) -> None:
    assert network_of(peer) == network


def test_the_stage_is_of_one_moment() -> None:
    assert stage_of().clock.now() == NOW
    assert REQUEST_ID.startswith(TERMINAL)
