"""What a till asks about a patient and what a check answers, written by two hands from one contract."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle import models
from medsettle._exchange import asking, covering
from medsettle.wire import calls
from medsettle.wire.reasons import Reason
from medsettle_gateway.domain import facts
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.filings import Filing
from medsettle_gateway.domain.finding import Verdict
from medsettle_gateway.domain.member import Owner, Scheme
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.rpc.codec import answers, requests
from medsettle_gateway.rpc.codec.parts import Limits
from medsettle_gateway.service import checked, commands
from tests.gateway.rpc.stage import INSTITUTION, NOW, REQUEST_ID, TERMINAL, TILL

CALLER = commands.Caller(TERMINAL, INSTITUTION, TILL.key)
LIMITS = Limits(200, 100)
SON = models.Proxy(models.Relation.CHILD, "刘代办", "210399199001010015", "13900000000")

ids = st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=12)
words = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=12)
days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
maybe_days = st.none() | days
answered = st.none() | st.booleans()
refusals = st.none() | st.sampled_from(Reason).map(lambda reason: RefusalRecord(reason, {"line": "1"}))
SAID = {True: models.Answer.YES, False: models.Answer.NO, None: models.Answer.COULD_NOT_BE_DETERMINED}

accounts = st.builds(
    checked.AccountAnswer, owner=st.sampled_from(Owner).map(str), masked_name=words,
    account=st.none() | st.builds(
        facts.AccountFacts, ids, st.sampled_from(Owner), words, st.just("210300"), st.sampled_from(Scheme),
        st.sampled_from(facts.AccountState), st.integers(0, 10**9), st.just(0), ids,
        st.none() | st.integers(0, 10**9), st.booleans(),
    ),
    may_pay=answered, refusal=refusals,
)
filings = st.builds(
    Filing, kind=ids, condition=st.just("") | ids,
    refusal=st.none() | st.sampled_from(Reason).map(lambda reason: Refusal(reason, {})), valid_from=days,
    valid_to=maybe_days, institutions=st.lists(ids, max_size=2).map(tuple),
    drugs=st.lists(ids, max_size=2).map(tuple), review_due_on=maybe_days,
)
found = st.builds(
    checked.EligibilityAnswer, covered=answered, refusal=refusals, member=ids, masked_name=words,
    region=st.just("210300"), scheme=ids, standing=ids, enrolment=ids,
    benefits=st.lists(
        st.builds(checked.BenefitAnswer, ids, words, words, answered, refusals, st.just(())), max_size=2
    ).map(tuple),
    accounts=st.lists(accounts, max_size=2).map(tuple),
    advisories=st.lists(
        st.builds(
            checked.Advisory, ids, words, words, st.none() | st.sampled_from(Verdict),
            st.lists(ids, max_size=2).map(tuple), st.just("") | words,
        ),
        max_size=2,
    ).map(tuple),
    binding_until=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    as_of=days, pack=ids, eligibility_token=st.just("") | ids,
    filings=st.lists(filings, max_size=2).map(tuple),
    items=st.lists(
        st.builds(checked.ItemAnswer, ids, st.just("") | words, answered, refusals, maybe_days), max_size=2
    ).map(tuple),
    prescriptions=st.lists(st.builds(checked.OpenPrescription, ids, ids, days), max_size=2).map(tuple),
)


@given(found)
def test_a_check_is_read_as_it_was_answered(answer: checked.EligibilityAnswer) -> None:
    read = covering.eligibility(answers.to_bytes(calls.CHECK_ELIGIBILITY, answer, full=True))
    assert (read.covered, read.binding_until, read.as_of) == (
        SAID[answer.covered], answer.binding_until, answer.as_of
    )
    assert (read.member, read.masked_name, read.pack, read.eligibility_token) == (
        answer.member, answer.masked_name, answer.pack, answer.eligibility_token
    )
    assert [(each.benefit, each.answer) for each in read.benefits] == [
        (each.benefit, SAID[each.may_have]) for each in answer.benefits
    ]
    assert [(each.item_code, each.name, each.answer, each.next_on) for each in read.items] == [
        (each.item_code, each.name, SAID[each.may_have], each.next_on) for each in answer.items
    ]
    assert [(each.number, each.institution, each.valid_to) for each in read.prescriptions] == [
        tuple(each) for each in answer.prescriptions
    ]
    assert _reasons(read) == _reasons(answer)


def _reasons(of: models.Eligibility | checked.EligibilityAnswer) -> list[str | None]:
    refused = [of.refusal, *(each.refusal for each in of.benefits)]
    refused += [each.refusal for each in of.accounts]
    refused += [each.refusal for each in of.items]
    return [None if each is None else str(each.reason) for each in refused]


@given(found)
def test_accounts_filings_and_advice_are_read_as_they_were_answered(
    answer: checked.EligibilityAnswer
) -> None:
    read = covering.eligibility(answers.to_bytes(calls.CHECK_ELIGIBILITY, answer, full=True))
    for said, heard in zip(answer.accounts, read.accounts, strict=True):
        account = said.account
        assert (heard.owner, heard.masked_name) == (said.owner, said.masked_name)
        assert heard.may_pay is SAID[said.may_pay]
        assert (heard.state.value == "NONE") == (account is None)
        if account is not None:
            assert (heard.account, heard.balance_fen, heard.limit_left_fen, heard.standing_consent) == (
                account.account, account.balance_fen, account.limit_left_fen, account.standing_consent
            )
    for filing, shown in zip(answer.filings, read.filings, strict=True):
        assert (shown.kind, shown.condition, shown.institutions, shown.drugs) == (
            filing.kind, filing.condition, filing.institutions, filing.drugs
        )
        assert (shown.valid_from, shown.valid_to, shown.review_due_on) == (
            filing.valid_from, filing.valid_to, filing.review_due_on
        )
        assert shown.answer is SAID[filing.refusal is None]
    for advice, told in zip(answer.advisories, read.advisories, strict=True):
        assert (told.code, told.line_ids, told.clause) == (advice.code, advice.line_ids, advice.clause)
        assert told.verdict.value == (advice.verdict.name if advice.verdict else "NOTE")


@pytest.mark.parametrize("kind", models.CredentialKind)
def test_who_the_patient_is_who_came_and_what_was_accepted_is_read_as_it_was_sent(
    kind: models.CredentialKind
) -> None:
    code_type = "town" if kind is models.CredentialKind.ELECTRONIC else None
    shown = models.Credential("N0000001", kind, code_type)
    line = models.Line("XA01", "1", "1", 100, prescription_id="rx1", split_pack=True)
    prescription = models.Prescription(
        "rx1", models.PrescriptionKind.EXTERNAL, "RX-1", "D1", "H1", date(2026, 1, 2), "Y1"
    )
    body = asking.settle(
        request_id=REQUEST_ID, credential=shown, basket=models.Basket((line,), prescriptions=(prescription,)),
        expected=models.Split(100), collect=models.Collect.NOW, operator="7", requested_at=NOW,
        acknowledgements=(), quote_token=None, proxy=SON, eligibility_token="said",
        accepted_warnings=[models.AcceptedWarning("REPEATED_DRUG", "出国")],
    )
    command = requests.read(calls.SETTLE, body, CALLER, LIMITS).command
    assert isinstance(command, commands.Settle)
    assert (command.credential.token, command.credential.kind) == ("N0000001", kind.name.lower())
    assert (command.credential.code_type or None, command.eligibility_token) == (code_type, "said")
    assert command.proxy is not None
    assert (command.proxy.relation.value, command.proxy.name) == (SON.relation.value, SON.name)
    assert (command.proxy.id_number, command.proxy.phone) == (SON.id_number, SON.phone)
    assert [tuple(each) for each in command.accepted_warnings] == [("REPEATED_DRUG", "出国")]
    assert command.basket.lines[0].split_pack
    assert command.basket.prescriptions[0].pharmacist == "Y1"


def test_a_check_is_asked_as_the_till_asked() -> None:
    body = asking.eligibility(
        models.Credential("scanned"), benefit="b", as_of=date(2026, 1, 2), prescription="external",
        item_codes=("XA01", "XB02"), operator="7",
    )
    command = requests.read(calls.CHECK_ELIGIBILITY, body, CALLER, LIMITS).command
    assert isinstance(command, commands.CheckEligibility)
    assert (command.benefit, command.as_of, command.operator) == ("b", date(2026, 1, 2), "7")
    assert command.item_codes == ("XA01", "XB02")
