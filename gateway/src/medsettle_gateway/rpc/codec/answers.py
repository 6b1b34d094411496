"""What the service answers, as bytes on the wire."""

from datetime import date
from typing import Final

from medsettle.wire import calls
from medsettle.wire.calls import Call
from medsettle.wire.v1 import eligibility_pb2, sale_pb2, settlement_pb2
from medsettle_gateway.domain.facts import AccountState
from medsettle_gateway.domain.filings import Filing
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.rpc.codec import form, prescriptions, reassert, sale, terminals
from medsettle_gateway.service.checked import AccountAnswer, BenefitAnswer, EligibilityAnswer, ItemAnswer
from medsettle_gateway.service.circulating import PrescriptionAnswer, PrescriptionsAnswer
from medsettle_gateway.service.commands import (
    Answer,
    EnrolAnswer,
    QuoteAnswer,
    ReassertAnswer,
    RotateKeyAnswer,
    SaleAnswer,
    SalesAnswer,
)

_ANSWERS: Final = {
    True: eligibility_pb2.ANSWER_YES,
    False: eligibility_pb2.ANSWER_NO,
    None: eligibility_pb2.ANSWER_COULD_NOT_BE_DETERMINED,
}
_ACCOUNT_STATES: Final = {
    AccountState.ACTIVE: eligibility_pb2.ACCOUNT_STATE_ACTIVE,
    AccountState.FROZEN: eligibility_pb2.ACCOUNT_STATE_FROZEN,
}
_SALE_RESPONSES: Final = {
    calls.SETTLE: settlement_pb2.SettleResponse,
    calls.CONFIRM: settlement_pb2.ConfirmResponse,
    calls.RELEASE: settlement_pb2.ReleaseResponse,
    calls.REVERSE: settlement_pb2.ReverseResponse,
    calls.SEAL: settlement_pb2.SealResponse,
    calls.GET_SALE: settlement_pb2.GetSaleResponse,
}


def to_bytes(call: Call, answer: Answer, *, full: bool) -> bytes:
    """Returns the message that answers a call. Raises TypeError for an answer that is no message."""
    match answer:
        case SaleAnswer():
            response = _SALE_RESPONSES[call](sale=sale.sale(answer, full=full))
            return response.SerializeToString()
        case SalesAnswer():
            return _sales(answer, full=full).SerializeToString()
        case QuoteAnswer():
            return _quote(answer, full=full).SerializeToString()
        case EligibilityAnswer():
            return _eligibility(answer).SerializeToString()
        case ReassertAnswer():
            return reassert.to_wire(answer).SerializeToString()
        case PrescriptionAnswer() | PrescriptionsAnswer():
            return prescriptions.to_bytes(call, answer)
        case EnrolAnswer():
            return terminals.enrol_bytes(answer)
        case RotateKeyAnswer():
            return terminals.rotation_bytes(answer)
    raise TypeError(f"{type(answer).__name__} is no answer to {call.method}")


def _sales(answer: SalesAnswer, *, full: bool) -> settlement_pb2.ListSalesResponse:
    return settlement_pb2.ListSalesResponse(
        sales=[sale.sale(each, full=full) for each in answer.sales], next_page_token=answer.next_page_token
    )


def _quote(answer: QuoteAnswer, *, full: bool) -> settlement_pb2.QuoteResponse:
    return settlement_pb2.QuoteResponse(
        settlements=[sale.settlement(each, full=full) for each in answer.settlements],
        split=sale.split(answer.split),
        quote_token=answer.quote_token,
        expires_at=form.timestamp(answer.expires_at),
        service_on=answer.service_on.isoformat(),
        masked_name=answer.masked_name,
        advisories=map(sale.advisory, answer.advisories),
        difference=sale.difference(answer.difference) if answer.difference is not None else None,
    )


def _eligibility(answer: EligibilityAnswer) -> eligibility_pb2.CheckEligibilityResponse:
    return eligibility_pb2.CheckEligibilityResponse(
        covered=_ANSWERS[answer.covered],
        refusal=_refusal(answer.refusal),
        member=answer.member,
        masked_name=answer.masked_name,
        region=answer.region,
        scheme=answer.scheme,
        standing=answer.standing,
        enrolment=answer.enrolment,
        benefits=map(_benefit, answer.benefits),
        accounts=map(_account, answer.accounts),
        advisories=map(sale.advisory, answer.advisories),
        binding_until=form.timestamp(answer.binding_until),
        as_of=answer.as_of.isoformat(),
        pack=answer.pack,
        eligibility_token=answer.eligibility_token,
        filings=map(_filing, answer.filings),
        items=map(_item, answer.items),
        prescriptions=[
            eligibility_pb2.OpenPrescription(
                number=each.number, institution=each.institution, valid_to=each.valid_to.isoformat()
            )
            for each in answer.prescriptions
        ],
    )


def _filing(filing: Filing) -> eligibility_pb2.Filing:
    return eligibility_pb2.Filing(
        kind=filing.kind,
        condition=filing.condition,
        answer=_ANSWERS[filing.refusal is None],
        refusal=_refusal(RefusalRecord.of(filing.refusal) if filing.refusal else None),
        valid_from=filing.valid_from.isoformat(),
        valid_to=_day(filing.valid_to),
        institutions=filing.institutions,
        drugs=filing.drugs,
        review_due_on=_day(filing.review_due_on),
    )


def _item(answer: ItemAnswer) -> eligibility_pb2.ItemAnswer:
    return eligibility_pb2.ItemAnswer(
        item_code=answer.item_code,
        name=answer.name,
        answer=_ANSWERS[answer.may_have],
        refusal=_refusal(answer.refusal),
        next_on=_day(answer.next_on),
    )


def _refusal(refusal: RefusalRecord | None) -> sale_pb2.Refusal | None:
    return sale.refusal(refusal, recorded=False) if refusal else None


def _day(on: date | None) -> str:
    return "" if on is None else on.isoformat()


def _benefit(answer: BenefitAnswer) -> eligibility_pb2.BenefitAnswer:
    return eligibility_pb2.BenefitAnswer(
        benefit=answer.benefit,
        title_zh=answer.title_zh,
        title_en=answer.title_en,
        answer=_ANSWERS[answer.may_have],
        refusal=_refusal(answer.refusal),
        remainders=map(sale.remainder, answer.remainders),
    )


def _account(answer: AccountAnswer) -> eligibility_pb2.Account:
    facts = answer.account
    return eligibility_pb2.Account(
        account=facts.account if facts else "",
        owner=answer.owner,
        masked_name=answer.masked_name,
        state=_ACCOUNT_STATES[facts.state] if facts else eligibility_pb2.ACCOUNT_STATE_NONE,
        balance_fen=facts.balance_fen if facts else None,
        may_pay=_ANSWERS[answer.may_pay],
        limit_left_fen=facts.limit_left_fen if facts else None,
        standing_consent=facts.standing_consent if facts else None,
        refusal=_refusal(answer.refusal),
    )
