"""What supervision warns of is looked at by the cashier: accepted with a reason, or nothing is sent."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from medsettle.aio import AsyncTill
from medsettle.cli.counter import Counter, UsageError
from medsettle.cli.parser import parser
from medsettle.cli.screen import Screen
from medsettle.errors import RefusedError, RequestError
from medsettle.models import AcceptedWarning, Advisory, Basket, Outcome, Refusal, SaleCard, Split, Verdict
from medsettle.receipt import render_card
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import credential_pb2, errors_pb2, settlement_pb2
from tests.sdk.counter import Drawer
from tests.sdk.counterpart import Counterpart, Refused
from tests.sdk.faults import refused
from tests.sdk.settled import SALE

SHOWN = Split(4000, {"pooled": 8000})
EARLY, LONG = "REPEATED_DRUG", "OVER_DAYS"
HOLIDAY = AcceptedWarning(EARLY, "国庆外出,提前取药")


def found(code: str, verdict: str = "WARN") -> credential_pb2.Advisory:
    return credential_pb2.Advisory(
        code=code, zh=f"{code}的中文。", en=f"{code} in English.", line_ids=["1", "2"], clause="篇10五定",
        verdict=credential_pb2.Verdict.Value(f"VERDICT_{verdict}"),
    )


@pytest.fixture
def warned(counterpart: Counterpart, monkeypatch: pytest.MonkeyPatch) -> Counterpart:
    """Quotes warn of two things and remind of a third; Settle wants both warnings accepted."""
    plain_quote, plain_settle = counterpart._quote, counterpart._settle

    def quote(body: bytes) -> Any:
        answer: Any = plain_quote(body)
        answer.advisories.extend([found("TAKE_LESS", "REMIND"), found(EARLY), found(LONG)])
        return answer

    def settle(body: bytes) -> Any:
        asked = settlement_pb2.SettleRequest.FromString(body)
        if {each.code for each in asked.accepted_warnings} != {EARLY, LONG}:
            raise Refused(
                Reason.SUPERVISION_WARNING,
                errors_pb2.SupervisionFound(findings=[found(EARLY), found(LONG)], findings_count=3),
            )
        return plain_settle(body)

    monkeypatch.setattr(counterpart, "_quote", quote)
    monkeypatch.setattr(counterpart, "_settle", settle)
    return counterpart


def sell(till: Till, basket: Basket, **more: Any) -> SaleCard:
    return till.checkout("1", "scanned", basket, show=bool, tender=Drawer().tender, operator="7", **more)


def all_of(warnings: tuple[Advisory, ...]) -> tuple[AcceptedWarning, ...]:
    return tuple(AcceptedWarning(each.code, "核对无误") for each in warnings)


@pytest.mark.parametrize(("verdict", "read"), [
    ("UNSPECIFIED", Verdict.NOTE), ("REMIND", Verdict.REMIND), ("WARN", Verdict.WARN),
    ("BLOCK", Verdict.BLOCK),
])
def test_what_an_advisory_asks_of_the_cashier_is_told(
    till: Till, counterpart: Counterpart, basket: Basket, monkeypatch: pytest.MonkeyPatch, verdict: str,
    read: Verdict,
) -> None:
    plain = counterpart._quote

    def quote(body: bytes) -> Any:
        answer: Any = plain(body)
        answer.advisories.append(found(EARLY, verdict))
        return answer

    monkeypatch.setattr(counterpart, "_quote", quote)
    (advisory,) = till.quote("scanned", basket).advisories
    assert (advisory.verdict, advisory.line_ids, advisory.clause) == (read, ("1", "2"), "篇10五定")


def test_the_cashier_is_asked_about_warnings_only_and_the_sale_brings_the_reasons(
    till: Till, warned: Counterpart, basket: Basket
) -> None:
    asked: list[tuple[str, ...]] = []

    def accept(warnings: tuple[Advisory, ...]) -> tuple[AcceptedWarning, ...]:
        asked.append(tuple(each.code for each in warnings))
        return all_of(warnings)

    assert sell(till, basket, accept=accept).outcome is Outcome.PAID
    assert asked == [(EARLY, LONG)]


def test_what_is_accepted_beforehand_is_not_asked_again(
    till: Till, warned: Counterpart, basket: Basket
) -> None:
    asked: list[str] = []

    def accept(warnings: tuple[Advisory, ...]) -> tuple[AcceptedWarning, ...]:
        asked.extend(each.code for each in warnings)
        return all_of(warnings)

    assert sell(till, basket, accepted_warnings=(HOLIDAY,), accept=accept).outcome is Outcome.PAID
    assert asked == [LONG]
    body = warned.bodies[max(number for number, call in enumerate(warned.seen) if call == "Settle")]
    sent = settlement_pb2.SettleRequest.FromString(body).accepted_warnings
    assert [(each.code, each.reason) for each in sent] == [(EARLY, HOLIDAY.reason), (LONG, "核对无误")]


def test_a_warning_that_is_left_out_sends_nothing(till: Till, warned: Counterpart, basket: Basket) -> None:
    card = sell(till, basket, accept=lambda warnings: all_of(warnings[:1]))
    assert (card.outcome, card.refusal and card.refusal.reason) == (Outcome.NOT_PAID, "WARNING_NOT_ACCEPTED")
    assert warned.count("Settle") == 0
    assert till.open_sales() == ()


def test_where_nobody_is_asked_the_gateway_refuses_with_what_was_found(
    till: Till, warned: Counterpart, basket: Basket
) -> None:
    card = sell(till, basket)
    assert card.refusal is not None
    assert (card.outcome, card.refusal.reason) == (Outcome.NOT_PAID, Reason.SUPERVISION_WARNING)
    assert [each.code for each in card.refusal.findings] == [EARLY, LONG]
    assert card.refusal.findings_count == 3
    assert sell(till, basket, accept=all_of).outcome is Outcome.PAID


def test_what_was_found_is_still_known_after_a_restart(
    open_till: Callable[[], Till], warned: Counterpart, basket: Basket
) -> None:
    card = sell(open_till(), basket)
    warned.away = True
    kept = open_till().status(card.request_id or "").refusal
    assert kept is not None
    assert kept == card.refusal


def test_settle_takes_accepted_warnings(till: Till, warned: Counterpart, basket: Basket) -> None:
    with pytest.raises(RefusedError, match="SUPERVISION_WARNING"):
        till.settle("1", "scanned", basket, expected=SHOWN, operator="7", accepted_warnings=(HOLIDAY,))
    both = (HOLIDAY, AcceptedWarning(LONG, "慢病长处方"))
    card = till.settle("2", "scanned", basket, expected=SHOWN, operator="7", accepted_warnings=both)
    assert card.outcome is Outcome.PAID


async def test_the_async_till_may_await_the_cashier(
    async_till: AsyncTill, warned: Counterpart, basket: Basket
) -> None:
    async def accept(warnings: tuple[Advisory, ...]) -> tuple[AcceptedWarning, ...]:
        return all_of(warnings)

    card = await async_till.checkout(
        "1", "scanned", basket, show=bool, tender=Drawer().tender, operator="7", accept=accept
    )
    assert card.outcome is Outcome.PAID


@pytest.mark.parametrize(("field", "more"), [
    ("accepted_warnings", {"accepted_warnings": EARLY}),
    ("accepted_warnings[1]", {"accepted_warnings": (EARLY,)}),
    ("accepted_warnings.code", {"accepted_warnings": (AcceptedWarning("", "r"),)}),
    ("accepted_warnings.reason", {"accepted_warnings": (AcceptedWarning(EARLY, ""),)}),
    ("accepted_warnings.reason", {"accepted_warnings": (AcceptedWarning(EARLY, "r" * 201),)}),
    ("accepted_warnings.code", {"accepted_warnings": (HOLIDAY, HOLIDAY)}),
    ("accept", {"accept": "yes"}),
])
def test_what_cannot_be_accepted_so_is_named_before_anything_is_sent(
    till: Till, counterpart: Counterpart, basket: Basket, field: str, more: dict[str, Any]
) -> None:
    with pytest.raises(RequestError) as wrong:
        sell(till, basket, **more)
    assert wrong.value.details["field"] == field
    assert counterpart.seen == []


def shown(show: Callable[[Screen], None]) -> str:
    stream = io.StringIO()
    show(Screen(stream, coloured=False))
    return " ".join(stream.getvalue().split())


def test_the_screen_tells_a_reminder_a_warning_and_a_block_apart() -> None:
    advisories = (
        Advisory("NOTE", "额度将尽。", "Nearly used up."),
        Advisory("TAKE_LESS", "请提醒。", "Tell him.", Verdict.REMIND),
        Advisory(EARLY, "重复购药。", "Bought again.", Verdict.WARN, ("1", "2"), "篇10五定"),
        Advisory(LONG, "超量。", "Too many days.", Verdict.BLOCK),
    )
    assert shown(lambda screen: screen.advisories(advisories)) == (
        "! 额度将尽。 Nearly used up. ! 提醒 remind: 请提醒。 Tell him. "
        "! 预警 WARN: 重复购药。 Bought again. [REPEATED_DRUG lines=1,2 clause=篇10五定] "
        "! 阻断 BLOCKED: 超量。 Too many days. [OVER_DAYS]"
    )


def test_a_refusal_shows_what_was_found_and_what_to_type() -> None:
    finding = Advisory(EARLY, "重复购药。", "Bought again.", Verdict.WARN, ("1",))
    refusal = Refusal(
        Reason.SUPERVISION_WARNING, recorded=True, zh="有预警。", en="Warned.", findings=(finding,),
        findings_count=1,
    )
    card = SaleCard(
        "P21030000001-01-20260302-7-1", Outcome.NOT_PAID, "REFUSED", "没有结算。", "No sale.", "重来。",
        "Again.", refusal=refusal,
    )
    text = shown(lambda screen: screen.card(card))
    assert "! 预警 WARN: 重复购药。 Bought again. [REPEATED_DRUG lines=1]" in text
    assert "sell ... --ticket 7 --accept CODE=REASON" in text


def at(*words: str, typed: str = "") -> Counter:
    given = parser().parse_args(["sell", "XA01@3", *words])
    output, complaints = (Screen(io.StringIO(), coloured=False) for _ in range(2))
    return Counter(given, output, complaints, io.StringIO(typed))


def test_the_command_line_accepts_by_code_and_reason() -> None:
    assert at("--accept", f"{EARLY}=国庆外出,提前取药").accepted() == (HOLIDAY,)


@pytest.mark.parametrize("text", [EARLY, f"{EARLY}=", f"{EARLY}=  ", "=why"])
def test_a_warning_is_not_accepted_without_a_reason(text: str) -> None:
    with pytest.raises(UsageError, match="CODE=REASON"):
        at("--accept", text).accepted()


def test_on_a_terminal_a_reason_is_asked_for_each_and_none_means_no() -> None:
    warnings = tuple(Advisory(code, "", "", Verdict.WARN) for code in (EARLY, LONG))
    counter = at(typed="国庆外出,提前取药\n\n")
    assert counter.accept(warnings) == (HOLIDAY,)


def test_a_refused_settle_with_findings_that_cannot_be_read_is_still_a_refusal(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", refused(Reason.SUPERVISION_BLOCKED))
    with pytest.raises(RefusedError, match="SUPERVISION_BLOCKED") as error:
        till.settle("1", "scanned", basket, expected=SHOWN, operator="7")
    assert error.value.refusal.findings == ()


def test_a_sale_that_is_looked_up_later_shows_what_was_found_on_screen_and_on_paper() -> None:
    finding = Advisory(EARLY, "重复购药。", "Bought again.", Verdict.WARN, ("1",))
    note = Advisory("CAP_NEARLY_REACHED", "额度将尽。", "Nearly used up.")
    refusal = Refusal(Reason.SUPERVISION_WARNING, recorded=True, zh="有预警。", en="Warned.")
    sale = replace(SALE, state="REFUSED", refusal=refusal, advisories=(note, finding), settlements=())
    card = SaleCard(
        SALE.request_id, Outcome.NOT_PAID, "REFUSED", "没有结算。", "No sale.", "重来。", "Again.",
        refusal=refusal, sale=sale,
    )
    on_screen = shown(lambda screen: screen.card(card))
    assert "! 预警 WARN: 重复购药。 Bought again. [REPEATED_DRUG lines=1]" in on_screen
    paper = render_card(card, institution_name="药店")
    assert "有预警。\n  重复购药。\n" in paper
    assert "额度将尽" not in paper
