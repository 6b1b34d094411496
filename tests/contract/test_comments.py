"""The contract explains itself: a foreign client is written from the comments alone."""

import re

import pytest

from tests.contract.proto import Member, calls, fields, members

BEGINNINGS = ("Required. ", "Optional. ", "Output only. ")
NUMBERS = {"int32", "int64", "uint32", "uint64", "bool"}
COUNTED_IN = ("_fen", "_bp", "_ms", "_count")
PLAIN_NUMBERS = {
    "page_size", "sessions", "dispensings", "days_supply", "epoch", "step", "number", "rank", "level",
}


def by_place(member: Member) -> str:
    return member.where


def test_the_whole_contract_was_read() -> None:
    assert len(fields()) > 150
    assert len(calls()) == 16


@pytest.mark.parametrize("field", fields(), ids=by_place)
def test_a_field_says_whether_it_is_required(field: Member) -> None:
    assert field.comment.startswith(BEGINNINGS)


@pytest.mark.parametrize("member", [m for m in members() if m.kind != "message"], ids=by_place)
def test_a_value_and_a_call_say_what_they_mean(member: Member) -> None:
    assert member.comment.endswith(".")


@pytest.mark.parametrize("field", fields(), ids=by_place)
def test_a_comment_ends_as_a_sentence(field: Member) -> None:
    assert field.comment[-1] in ".?"


@pytest.mark.parametrize("field", [f for f in fields() if f.type in NUMBERS], ids=by_place)
def test_an_absent_number_is_not_zero(field: Member) -> None:
    assert field.label in {"optional", "repeated"}


@pytest.mark.parametrize(
    "field", [f for f in fields() if f.type in NUMBERS and f.type != "bool"], ids=by_place
)
def test_a_number_names_its_unit_last(field: Member) -> None:
    assert field.name.endswith(COUNTED_IN) or field.name in PLAIN_NUMBERS


def test_no_amount_is_inexact() -> None:
    assert [field.where for field in fields() if field.type in {"float", "double"}] == []


@pytest.mark.parametrize(
    "field",
    [f for f in fields() if f.type == "string" and re.search(r"(_on|_from|_to|^as_of)$", f.name)],
    ids=by_place,
)
def test_a_date_says_how_it_is_written(field: Member) -> None:
    assert "ISO date" in field.comment


@pytest.mark.parametrize(
    "field", [f for f in fields() if f.type == "google.protobuf.Timestamp"], ids=by_place
)
def test_an_instant_is_called_at(field: Member) -> None:
    assert field.name.endswith(("_at", "_until", "not_after", "not_before"))


@pytest.mark.parametrize(("service", "method"), calls())
def test_a_call_has_messages_of_its_own(service: str, method: str) -> None:
    blocks = {member.block for member in members()}
    assert {service, f"{method}Request", f"{method}Response"} <= blocks
