"""Answers as JSON."""

import json
from datetime import UTC, date, datetime

import pytest

from medsettle.cli.as_json import as_json
from medsettle.models import Credential, Outcome, SaleCard, Split


def test_a_card_keeps_its_names_and_its_fen() -> None:
    card = SaleCard(
        "H1-01-20261122-1-1", Outcome.OPEN, None, "不知道。", "Unknown.", "", "",
        expected=Split(28_430, {"pooled": 0}, {"acc-1": 15_000}),
        next_query_at=datetime(2026, 11, 22, 8, tzinfo=UTC),
    )
    shown = json.loads(as_json(card))
    assert shown["outcome"] == "OPEN"
    assert shown["expected"] == {"cash_fen": 28_430, "funds": {"pooled": 0}, "accounts": {"acc-1": 15_000}}
    assert shown["next_query_at"] == "2026-11-22T08:00:00+00:00"
    assert shown["legs"] == []


def test_chinese_stays_readable() -> None:
    assert "统筹" in as_json({"zh": "统筹"})


def test_days_are_iso() -> None:
    assert json.loads(as_json({"on": date(2026, 11, 22)})) == {"on": "2026-11-22"}


def test_a_credential_never_comes_out() -> None:
    assert "secret" not in as_json(Credential("secret"))


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        as_json({"yuan": 1.5})
