"""What people see: colours on a terminal only, rows that fit, every outcome told apart."""

import io
import os
from argparse import Namespace
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from medsettle._columns import width
from medsettle._desk.cards import card_not_sent, card_of, card_of_another
from medsettle.cli import at_till
from medsettle.cli.counter import Counter
from medsettle.cli.screen import COLUMNS, Screen
from medsettle.errors import refusal_of, request_error, till_error
from medsettle.hooks import Compared, Hook
from medsettle.models import (
    AccountShare,
    CashState,
    Outcome,
    SaleCard,
    SaleState,
)
from medsettle.record import Known, SaleRecord
from medsettle.till_reasons import TillReason
from medsettle.wire.reasons import Reason
from tests.sdk.settled import DIALYSIS, QUOTE, STAY
from tests.sdk.wires import config_in


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Screen.on(io.StringIO())


def shown(screen: Screen) -> str:
    stream = screen.stream
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CARD = SaleCard(
    "H21030200001-01-20261122-1-1", Outcome.OPEN, None, "结果正在确认。", "It is being found out.",
    "请勿重复收费。", "Do not charge again.",
)
def test_a_pipe_gets_no_colours(screen: Screen) -> None:
    screen.card(CARD)
    assert "\033[" not in shown(screen)


def test_a_terminal_gets_colours_unless_it_does_not_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    coloured = Screen.on(Terminal())
    coloured.card(CARD)
    assert "\033[33m" in shown(coloured)
    assert "\033[m" not in shown(coloured)  # what has no colour has no codes
    for name, value in (("TERM", "dumb"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
        plain = Screen.on(Terminal())
        plain.card(CARD)
        assert "\033[" not in shown(plain)
        monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(("terminal", "coloured"), [({}, False), ({"WT_SESSION": "1"}, True)])
def test_a_console_of_windows_gets_colours_only_if_it_says_that_it_reads_them(
    monkeypatch: pytest.MonkeyPatch, terminal: dict[str, str], coloured: bool
) -> None:
    for name in ("NO_COLOR", "TERM", "ANSICON", "WT_SESSION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in terminal.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("medsettle.cli.screen.os", SimpleNamespace(environ=os.environ, name="nt"))
    assert Screen.on(Terminal()).coloured is coloured


def test_what_the_doctor_advises_stands_below_itself(screen: Screen) -> None:
    advice = "请先注册本机。 Enrol this till first, with the code. " * 2
    screen.check("config", passed=False, found="没有", advice=advice)
    first, *more = shown(screen).splitlines()[1:]
    assert first.startswith("     -> 请")
    assert {line[:8] for line in more} == {" " * 8}
    assert " " not in {line[8] for line in more}


@pytest.mark.parametrize(("outcome", "state", "label"), [
    (Outcome.PAID, "SETTLED", "已支付 PAID"),
    (Outcome.NOT_PAID, "REFUSED", "未支付 NOT PAID"),
    (Outcome.NOT_PAID, "REVERSED", "已撤销 REVERSED"),
    (Outcome.OPEN, "HELD", "结果未定,请勿再次收费 OPEN: do not collect again"),
])
def test_each_outcome_has_a_label_of_its_own(
    screen: Screen, outcome: Outcome, state: str, label: str
) -> None:
    screen.card(replace(CARD, outcome=outcome, state=state))
    assert label in shown(screen)


def test_a_card_says_why_what_to_tell_and_what_to_do(screen: Screen) -> None:
    screen.card(replace(CARD, refusal=refusal_of(TillReason.GATEWAY_AWAY), refund_due_fen=28_430))
    text = " ".join(shown(screen).split())
    assert "连不上结算网关。 The gateway cannot be reached. [GATEWAY_AWAY]" in text
    assert "应退还患者 to give back 284.30" in text
    assert "-> 请勿重复收费。 Do not charge again." in text


def test_no_row_runs_over(screen: Screen) -> None:
    screen.card(replace(CARD, refusal=refusal_of(TillReason.OUTCOME_UNKNOWN)))
    screen.error(request_error(Reason.LINE_AMOUNT_MISMATCH, line="1"))
    assert max(map(width, shown(screen).splitlines())) <= COLUMNS


def test_the_facts_of_a_refusal_stand_under_it(screen: Screen) -> None:
    refusal = refusal_of(Reason.ITEM_UNKNOWN, line="2", item_code="X7")
    screen.card(replace(CARD, refusal=refusal))
    assert "[ITEM_UNKNOWN item_code=X7 line=2]" in shown(screen)


def test_another_sale_that_stands_in_the_way_is_named_as_the_other_one_with_one_step(screen: Screen) -> None:
    refusal = refusal_of(
        Reason.POSSIBLE_DUPLICATE, request_id=str(CARD.request_id), state="SETTLED",
        other_request_id="H21030200001-02-20261122-7-1", other_state="SETTLED",
        other_created_at="2026-11-22T10:40:12+00:00",
    )
    refused = replace(CARD, outcome=Outcome.NOT_PAID, state="REFUSED", refusal=refusal)
    screen.card(refused)
    text = shown(screen)
    assert "另一笔业务 the other sale: H21030200001-02-20261122-7-1" in text
    assert "已结算 settled, 2026-11-22 18:40:12" in text
    assert f"[POSSIBLE_DUPLICATE request_id={CARD.request_id}]" in text
    assert text.count("->") == 1
    assert "\n     sell ... --ticket 1 --acknowledge POSSIBLE_DUPLICATE\n" in text


@pytest.mark.parametrize(("reason", "state", "cash", "is_sale"), [
    (TillReason.CASH_NOT_COLLECTED, SaleState.RELEASED, CashState.NOT_COLLECTED, True),
    (Reason.CONFIRM_TOO_LATE, SaleState.RELEASED, CashState.NOT_DUE, True),
    (Reason.QUOTE_CHANGED, SaleState.REFUSED, CashState.NOT_ASKED, False),
    (Reason.SEALED, SaleState.SEALED, CashState.NOT_ASKED, False),
])
def test_what_may_be_settled_again_has_one_next_step_and_what_to_type_unless_it_may_be_a_return(
    screen: Screen, reason: TillReason | Reason, state: SaleState, cash: CashState, is_sale: bool
) -> None:
    screen.card(card_of(ended(state, cash, reason), NOON))
    assert shown(screen).count("->") == 1
    assert ("\n     sell ... --ticket 1\n" in shown(screen)) is is_sale


def test_cash_that_must_go_back_is_said_beside_what_may_be_settled_again(screen: Screen) -> None:
    screen.card(card_of(ended(SaleState.RELEASED, CashState.COLLECTED, Reason.CONFIRM_TOO_LATE), NOON))
    assert "请退还现金部分 40.00 元" in shown(screen)


def ended(state: SaleState, cash: CashState, reason: TillReason | Reason) -> SaleRecord:
    return SaleRecord(
        str(CARD.request_id), "run-1", "7", NOON, state=state, cash_fen=4_000, cash=cash,
        refusal=refusal_of(reason),
    )


@pytest.mark.parametrize(("reason", "why"), [
    (TillReason.GATEWAY_AWAY, "连不上结算网关。"), (Reason.RECOVERING, "网关刚从备份恢复"),
    (TillReason.OUTCOME_UNKNOWN, "这笔业务的结果还不知道。"),
])
def test_of_a_sale_that_is_open_the_one_thing_to_do_comes_first_and_then_why(
    screen: Screen, reason: TillReason | Reason, why: str
) -> None:
    record = SaleRecord(
        str(CARD.request_id), "run-1", "7", NOON, state=Known.UNSURE, cash_fen=4_000,
        cash=CashState.COLLECTED, refusal=refusal_of(reason),
    )
    screen.card(card_of(record, NOON))
    text = shown(screen)
    assert text.splitlines()[2].startswith("  -> 现金部分 40.00 元已收,请勿再次收取")
    assert text.count("->") == 1
    assert 0 < text.index("recover") < text.index("结果正在确认") < text.index(why)
    assert text.count("Do not call it failed") == 1


def test_a_benefit_without_fund_and_account_is_headed_as_cash(screen: Screen) -> None:
    alone = replace(
        STAY, benefit="personal_account_only", title_zh="仅用个人账户", title_en="personal account only",
    )
    cash_fen = alone.breakdown.personal_fen
    cash = replace(alone.breakdown, funds={}, accounts=(), cash_fen=cash_fen)
    screen.quote(replace(QUOTE, settlements=(replace(alone, breakdown=cash),)))
    assert "仅付现金 cash only" in shown(screen)
    assert "仅用个人账户" not in shown(screen)
    own = replace(cash, accounts=(AccountShare("own", "self", 700),), cash_fen=cash_fen - 700)
    screen.quote(replace(QUOTE, settlements=(replace(alone, breakdown=own),)))
    assert "仅用个人账户 personal account only" in shown(screen)


def test_what_was_never_sent_has_one_next_step(screen: Screen) -> None:
    screen.card(card_not_sent(refusal_of(TillReason.PATIENT_DECLINED)))
    assert shown(screen).count("->") == 1
    assert "没有收取任何费用;可更改后重新结算。" in shown(screen)


def test_a_ticket_of_another_sale_has_one_next_step(screen: Screen) -> None:
    record = SaleRecord(str(CARD.request_id), "run-1", "7", NOON, state=SaleState.SETTLED)
    screen.card(card_of_another(record, refusal_of(TillReason.TICKET_REUSED), NOON))
    assert shown(screen).count("->") == 1
    assert "-> 请勿收款。另一位患者请换一个新的票号" in shown(screen)


def test_cash_that_was_taken_is_told_of_even_where_a_refusal_says_what_to_do(screen: Screen) -> None:
    refusal = refusal_of(Reason.POSSIBLE_DUPLICATE)
    screen.card(replace(CARD, refusal=refusal, cash=CashState.COLLECTED, next_en="Give the cash back."))
    assert "Give the cash back." in shown(screen)


def test_the_next_query_is_told_in_the_time_of_the_place(screen: Screen) -> None:
    screen.card(replace(CARD, next_query_at=datetime(2026, 11, 22, 16, 5, 9, tzinfo=UTC)))
    assert "下次查询 next query: 00:05:09" in shown(screen)


def test_what_does_not_fit_on_one_line_has_a_line_for_each_language(screen: Screen) -> None:
    screen.error(request_error(Reason.SALE_NOT_FOUND, request_id=str(CARD.request_id)))
    assert shown(screen).splitlines()[:2] == [
        "没有这笔业务的记录;不等于失败。",
        "No sale is recorded under this id; that does not mean it failed.",
    ]
    assert f"     medsettle seal {CARD.request_id}" in shown(screen).splitlines()


@pytest.mark.parametrize("enrolled", [True, False])
def test_only_a_till_that_is_enrolled_is_sent_to_the_doctor(screen: Screen, enrolled: bool) -> None:
    screen.error(till_error(TillReason.GATEWAY_AWAY), enrolled=enrolled)
    assert ("medsettle doctor" in shown(screen)) is enrolled


def test_a_quote_shows_every_fund_what_the_institution_bears_and_what_may_be_applied_for(
    screen: Screen
) -> None:
    screen.quote(replace(QUOTE, settlements=(STAY, DIALYSIS)))
    text = " ".join(shown(screen).split())
    for row in (
        "大病保险支付 Serious illness insurance 120.00", "机构承担 Borne by the provider 22.00",
        "应急措施 Emergency order E-1", "not part of this payment: 特殊救助 Special aid 500.00",
    ):
        assert row in text


def test_what_a_comparison_came_to_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks: list[Hook] = []
    monkeypatch.setattr(at_till, "Till", SimpleNamespace(open=lambda _, hooks: hooked(hooks)))

    def hooked(given: list[Hook]) -> None:
        hooks.extend(given)

    counter = Counter(Namespace(), Screen.on(io.StringIO()), Screen.on(io.StringIO()), None)
    at_till.open_till(counter, config_in(tmp_path))
    (see,) = hooks
    for shown_count in (1, 1, 2):
        see(Compared(1, False, shown_count, 0, 0, 0, 0))
    assert shown(counter.complaints).count("The gateway was restored, and compared") == 2
