"""What supervision found goes over the wire both ways: the till reads it, and shows it after a restore."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from medsettle import models
from medsettle._exchange import answering, asking, refusing
from medsettle.wire import calls
from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.finding import AcceptedWarning, Finding, Verdict
from medsettle_gateway.domain.recovery import Evidence
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.rpc.codec import answers, requests, shown
from medsettle_gateway.rpc.status import status_of
from medsettle_gateway.service.commands import Quote, RefusedAnswer, SaleAnswer, Settle
from tests.contract.test_two_codecs import CALLER, LIMITS, TOKEN, sales, words
from tests.gateway.rpc.stage import NOW, REQUEST_ID

findings = st.builds(
    Finding,
    st.from_regex("[A-Z]{1,20}", fullmatch=True), st.sampled_from(Verdict), words, words,
    st.lists(words, max_size=3).map(tuple), words,
)


accepted_warnings = st.builds(AcceptedWarning, st.from_regex("[A-Z]{1,20}", fullmatch=True), words)


def as_read(finding: Finding) -> models.Advisory:
    code, verdict, zh, en, line_ids, clause = finding
    return models.Advisory(code, zh, en, models.Verdict(verdict.name), line_ids, clause)


@given(sales(), st.lists(findings, max_size=3).map(tuple))
def test_a_till_reads_of_a_sale_what_was_found_before_all_else(
    record: Any, found: tuple[Finding, ...]
) -> None:
    kept = structs.replace(record, findings=found, refusal=None)
    sale = answering.sale(answers.to_bytes(calls.GET_SALE, SaleAnswer(kept, ""), full=False))
    assert sale.advisories[: len(found)] == tuple(map(as_read, found))
    assert all(each.verdict is models.Verdict.NOTE for each in sale.advisories[len(found) :])


@given(sales(), st.lists(findings, max_size=3).map(tuple))
def test_what_a_till_shows_after_a_restore_has_its_findings_again(
    record: Any, found: tuple[Finding, ...]
) -> None:
    kept = structs.replace(record, findings=found, refusal=None)
    body = answers.to_bytes(calls.GET_SALE, SaleAnswer(kept, ""), full=True)
    again = shown.sale_of(Evidence(calls.GET_SALE.path, "", "", "", 0, "OK", body, "", ""))
    assert again is not None
    assert again.findings == found


@given(sales(), st.lists(accepted_warnings, max_size=3).map(tuple), st.booleans())
def test_and_what_its_cashier_accepted_and_that_somebody_came_for_the_patient(
    record: Any, accepted: tuple[AcceptedWarning, ...], proxied: bool
) -> None:
    kept = structs.replace(record, accepted=accepted, proxied=proxied)
    body = answers.to_bytes(calls.GET_SALE, SaleAnswer(kept, ""), full=True)
    again = shown.sale_of(Evidence(calls.GET_SALE.path, "", "", "", 0, "OK", body, "", ""))
    assert again is not None
    is_told = record.effect is not None or record.state is SaleState.PENDING
    assert (again.accepted, again.proxied) == ((accepted, proxied) if is_told else ((), False))


@pytest.mark.parametrize("proxied", [True, False])
def test_a_quote_says_whether_somebody_else_has_come(proxied: bool) -> None:
    basket = models.Basket((models.Line("X", "1", "1.00", 100, "1"),))
    body = asking.quote(TOKEN, basket, "", None, proxied=proxied)
    command = requests.read(calls.QUOTE, body, CALLER, LIMITS).command
    assert isinstance(command, Quote)
    assert command.proxied is proxied


@given(st.lists(findings, min_size=1, max_size=3).map(tuple))
def test_a_refusal_carries_what_was_found(found: tuple[Finding, ...]) -> None:
    record = RefusalRecord(Reason.SUPERVISION_WARNING, {"warnings": "X"}, findings=found)
    status = status_of(RefusedAnswer(record, recorded=True, request_id=REQUEST_ID))
    refusal = refusing.facts_of(status.code.value, status.details).refusal
    assert (refusal.reason, refusal.recorded) == ("SUPERVISION_WARNING", True)
    assert refusal.findings == tuple(map(as_read, found))
    assert refusal.findings_count == len(found)


def test_of_more_than_fits_the_first_come_with_their_number() -> None:
    long = tuple(
        Finding(f"RULE_{number}", Verdict.WARN, "药" * 150, "drug " * 40, ("1", "2")) for number in range(12)
    )
    record = RefusalRecord(Reason.SUPERVISION_WARNING, findings=long)
    status = status_of(RefusedAnswer(record, recorded=True))
    assert len(status.details) < 4_096
    refusal = refusing.facts_of(status.code.value, status.details).refusal
    assert 1 <= len(refusal.findings) < 12
    assert refusal.findings == tuple(map(as_read, long))[: len(refusal.findings)]
    assert refusal.findings_count == 12


def settle_of(*accepted: models.AcceptedWarning) -> bytes:
    basket = models.Basket((models.Line("X", "1", "1.00", 100, "1"),))
    return asking.settle(
        request_id=REQUEST_ID, credential=TOKEN, basket=basket, expected=models.Split(100, {}, {}),
        collect=models.Collect.NOW, operator="li", requested_at=NOW, acknowledgements=(), quote_token=None,
        accepted_warnings=accepted,
    )


def read(body: bytes) -> Settle:
    command = requests.read(calls.SETTLE, body, CALLER, LIMITS).command
    assert isinstance(command, Settle)
    return command


def test_accepted_warnings_arrive_with_their_reasons() -> None:
    accepted = read(settle_of(models.AcceptedWarning("REPEATED_DRUG", "医师调整了剂量"))).accepted_warnings
    assert accepted == (AcceptedWarning("REPEATED_DRUG", "医师调整了剂量"),)


@pytest.mark.parametrize(("accepted", "field", "reason"), [
    ([("", "因")], "accepted_warnings[1].code", Reason.FIELD_REQUIRED),
    ([("A", "因"), ("B", "")], "accepted_warnings[2].reason", Reason.FIELD_REQUIRED),
    ([("A" * 65, "因")], "accepted_warnings[1].code", Reason.FIELD_INVALID),
    ([("A", "因" * 201)], "accepted_warnings[1].reason", Reason.FIELD_INVALID),
    ([("A", "因")] * 17, "accepted_warnings", Reason.FIELD_INVALID),
])
def test_an_acceptance_without_a_code_or_reason_is_no_request(
    accepted: list[tuple[str, str]], field: str, reason: Reason
) -> None:
    with pytest.raises(Refused) as caught:
        read(settle_of(*(models.AcceptedWarning(*each) for each in accepted)))
    assert (caught.value.reason, caught.value.detail["field"]) == (reason, field)
