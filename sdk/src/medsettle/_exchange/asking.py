"""From the till's values to the bytes of a request."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from medsettle.models import (
    AcceptedWarning,
    Basket,
    Collect,
    Credential,
    Encounter,
    Line,
    Prescription,
    Proxy,
    Split,
    Tendered,
)
from medsettle.wire.v1 import credential_pb2, eligibility_pb2, sale_pb2, settlement_pb2, terminal_pb2

_FULL = sale_pb2.VIEW_FULL


def eligibility(
    credential: Credential, *, benefit: str | None, as_of: date | None, prescription: str | None,
    item_codes: Sequence[str], operator: str,
) -> bytes:
    """Returns a CheckEligibilityRequest."""
    return eligibility_pb2.CheckEligibilityRequest(
        credential=shown(credential), benefit=benefit, as_of=_day(as_of), prescription=prescription,
        item_codes=item_codes, operator=operator,
    ).SerializeToString()


def quote(
    credential: Credential, basket: Basket, operator: str, eligibility_token: str | None, *, proxied: bool
) -> bytes:
    """Returns a QuoteRequest that asks for everything."""
    return settlement_pb2.QuoteRequest(
        credential=shown(credential), basket=_basket(basket), operator=operator, view=_FULL,
        eligibility_token=eligibility_token, proxied=proxied or None,
    ).SerializeToString()


def quote_return(replaces: str, stay: Basket, operator: str) -> bytes:
    """Returns a QuoteRequest for what would be left of a sale."""
    return settlement_pb2.QuoteRequest(
        basket=_basket(stay), operator=operator, view=_FULL, replaces=replaces
    ).SerializeToString()


def settle(  # noqa: PLR0913 - the fields of the message
    *, request_id: str, credential: Credential | None, basket: Basket, expected: Split, collect: Collect,
    operator: str, requested_at: datetime, acknowledgements: Sequence[str], quote_token: str | None,
    replaces: str | None = None, proxy: Proxy | None = None, eligibility_token: str | None = None,
    accepted_warnings: Iterable[AcceptedWarning] = (),
) -> bytes:
    """Returns a SettleRequest; of a return without a credential, which names the sale that it replaces."""
    return settlement_pb2.SettleRequest(
        request_id=request_id, credential=shown(credential) if credential else None,
        basket=_basket(basket), replaces=replaces,
        expected=_split(expected), collect=settlement_pb2.Collect.Value(f"COLLECT_{collect}"),
        operator=operator, requested_at=_instant(requested_at), acknowledgements=acknowledgements,
        quote_token=quote_token, view=_FULL, proxy=_proxy(proxy), eligibility_token=eligibility_token,
        accepted_warnings=[
            credential_pb2.AcceptedWarning(code=each.code, reason=each.reason) for each in accepted_warnings
        ],
    ).SerializeToString()


def confirm(request_id: str, tenders: Iterable[Tendered], operator: str, requested_at: datetime) -> bytes:
    """Returns a ConfirmRequest."""
    paid = [
        sale_pb2.Tender(kind=each.kind, amount_fen=each.amount_fen, reference=each.reference)
        for each in tenders
    ]
    return settlement_pb2.ConfirmRequest(
        request_id=request_id, tenders=paid, operator=operator, requested_at=_instant(requested_at),
        view=_FULL,
    ).SerializeToString()


def release(request_id: str, operator: str, requested_at: datetime) -> bytes:
    """Returns a ReleaseRequest."""
    return settlement_pb2.ReleaseRequest(
        request_id=request_id, operator=operator, requested_at=_instant(requested_at), view=_FULL
    ).SerializeToString()


def reverse(request_id: str, reason: str, operator: str, requested_at: datetime) -> bytes:
    """Returns a ReverseRequest."""
    return settlement_pb2.ReverseRequest(
        request_id=request_id, reason=reason, operator=operator, requested_at=_instant(requested_at),
        view=_FULL,
    ).SerializeToString()


def seal(request_id: str, operator: str, requested_at: datetime) -> bytes:
    """Returns a SealRequest."""
    return settlement_pb2.SealRequest(
        request_id=request_id, operator=operator, requested_at=_instant(requested_at), view=_FULL
    ).SerializeToString()


def get_sale(request_id: str) -> bytes:
    """Returns a GetSaleRequest that asks for everything."""
    return settlement_pb2.GetSaleRequest(request_id=request_id, view=_FULL).SerializeToString()


def list_sales(
    *, page_size: int, page_token: str, states: Iterable[str], terminal: str | None,
    service_from: date | None, service_to: date | None,
) -> bytes:
    """Returns a ListSalesRequest."""
    return settlement_pb2.ListSalesRequest(
        page_size=page_size, page_token=page_token,
        states=[sale_pb2.SaleState.Value(f"SALE_STATE_{state}") for state in states], terminal=terminal,
        service_from=_day(service_from), service_to=_day(service_to), view=sale_pb2.VIEW_BASIC,
    ).SerializeToString()


def enrol(code: str, suite: str, public_key: bytes) -> bytes:
    """Returns an EnrolRequest."""
    return terminal_pb2.EnrolRequest(code=code, suite=suite, public_key=public_key).SerializeToString()


def rotate_key(suite: str, public_key: bytes, proof: bytes) -> bytes:
    """Returns a RotateKeyRequest."""
    return terminal_pb2.RotateKeyRequest(
        suite=suite, public_key=public_key, proof=proof
    ).SerializeToString()


def basket(value: Basket) -> bytes:
    """Returns a basket's bytes, the same for the same basket: the journal's fingerprint of what was asked."""
    return _basket(value).SerializeToString(deterministic=True)


def shown(value: Credential) -> credential_pb2.Credential:
    """Returns a credential for a request."""
    kind = credential_pb2.CredentialKind.Value(f"CREDENTIAL_KIND_{value.kind}")
    return credential_pb2.Credential(kind=kind, token=value.token, code_type=value.code_type)


def _proxy(value: Proxy | None) -> credential_pb2.Proxy | None:
    if value is None:
        return None
    return credential_pb2.Proxy(
        relation=value.relation, name=value.name, id_number=value.id_number, phone=value.phone
    )


def _basket(value: Basket) -> settlement_pb2.Basket:
    return settlement_pb2.Basket(
        benefit=value.benefit, encounter=_encounter(value.encounter),
        lines=[_line(line) for line in value.lines],
        prescriptions=[_prescription(each) for each in value.prescriptions],
        payers=[
            settlement_pb2.Payer(
                account=payer.account,
                consent=settlement_pb2.Consent.Value(f"CONSENT_{payer.consent or 'UNSPECIFIED'}"),
            )
            for payer in value.payers
        ],
        without_accounts=True if value.without_accounts else None,
        service_on=_day(value.service_on), late_reason=value.late_reason,
    )


def _encounter(value: Encounter | None) -> settlement_pb2.Encounter | None:
    if value is None:
        return None
    return settlement_pb2.Encounter(
        admitted_on=_day(value.admitted_on), discharged_on=_day(value.discharged_on),
        sessions=value.sessions, emergency=True if value.emergency else None,
    )


def _line(value: Line) -> settlement_pb2.Line:
    return settlement_pb2.Line(
        line_id=value.line_id, item_code=value.item_code, quantity=str(value.quantity),
        unit_price=str(value.unit_price), amount_fen=value.amount_fen, benefit=value.benefit,
        condition=value.condition, prescription_id=value.prescription_id,
        traceability_codes=value.traceability_codes, service_on=_day(value.service_on),
        days_supply=value.days_supply, split_pack=True if value.split_pack else None,
    )


def _prescription(value: Prescription) -> settlement_pb2.Prescription:
    return settlement_pb2.Prescription(
        prescription_id=value.prescription_id,
        kind=settlement_pb2.PrescriptionKind.Value(f"PRESCRIPTION_KIND_{value.kind}"),
        number=value.number, prescriber=value.prescriber, institution=value.institution,
        issued_on=_day(value.issued_on), pharmacist=value.pharmacist,
    )


def _split(value: Split) -> sale_pb2.Split:
    return sale_pb2.Split(
        funds=[sale_pb2.Share(id=key, amount_fen=fen) for key, fen in value.funds.items()],
        accounts=[sale_pb2.Share(id=key, amount_fen=fen) for key, fen in value.accounts.items()],
        cash_fen=value.cash_fen,
    )


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _instant(value: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(value)
    return stamp
