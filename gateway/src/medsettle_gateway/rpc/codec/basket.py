"""What is bought and who may pay, from the wire."""

from collections.abc import Sequence
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import sale_pb2, settlement_pb2
from medsettle_gateway.domain.asked import AskedLine, AskedPrescription, Basket, Consent, Payer
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.money import LARGEST_FEN
from medsettle_gateway.domain.split import Split
from medsettle_gateway.rpc.codec import form

_LINE_ID_CHARS: Final = 16
_CODE_CHARS: Final = 32
_POLICY_ID_CHARS: Final = 64
_TRACEABILITY_COUNT: Final = 100
_TRACEABILITY_CHARS: Final = 64
_TRACEABILITY_IN_ALL_COUNT: Final = 500
"""Of a basket: a decision holds a lock for each."""
_PRESCRIPTION_COUNT: Final = 20
_PRESCRIPTION_ID_CHARS: Final = 16
_NUMBER_CHARS: Final = 40
_PERSON_CHARS: Final = 30
_PAYER_COUNT: Final = 8
_ACCOUNT_CHARS: Final = 40
_FUND_COUNT: Final = 32
_LATE_REASON_CHARS: Final = 200
_MOST_OF_A_YEAR: Final = 366

_KINDS: Final[dict[int, Prescription]] = {
    settlement_pb2.PRESCRIPTION_KIND_OWN: Prescription.OWN,
    settlement_pb2.PRESCRIPTION_KIND_EXTERNAL: Prescription.EXTERNAL,
}
_CONSENTS: Final[dict[int, Consent | None]] = {
    settlement_pb2.CONSENT_UNSPECIFIED: None,
    settlement_pb2.CONSENT_IN_PERSON: Consent.IN_PERSON,
    settlement_pb2.CONSENT_STANDING: Consent.STANDING,
}


def basket(wire: settlement_pb2.Basket, lines_most: int) -> Basket:
    """Returns the basket. Raises Refused for the first field that is not as the contract says."""
    if not wire.lines:
        raise form.required("basket.lines")
    if len(wire.lines) > lines_most:
        raise refuse(
            Reason.BASKET_TOO_LARGE, field="basket.lines", limit=str(lines_most), lines=str(len(wire.lines))
        )
    prescriptions = _prescriptions(wire.prescriptions)
    known = frozenset(each.prescription_id for each in prescriptions)
    lines = tuple(_line(each, number, known) for number, each in enumerate(wire.lines, 1))
    codes_count = sum([len(line.traceability_codes) for line in lines])
    form.within(codes_count, _TRACEABILITY_IN_ALL_COUNT, "basket.lines.traceability_codes")
    form.unique([line.line_id for line in lines], "basket.lines.line_id")
    encounter = wire.encounter
    admitted_on = form.day_if(encounter, "admitted_on", "basket.encounter")
    discharged_on = form.day_if(encounter, "discharged_on", "basket.encounter")
    if discharged_on is not None and (admitted_on is None or discharged_on < admitted_on):
        raise form.invalid("basket.encounter.discharged_on", "a day not before admitted_on")
    return Basket(
        lines=lines,
        benefit=form.text_if(wire, "benefit", _POLICY_ID_CHARS, "basket"),
        admitted_on=admitted_on,
        discharged_on=discharged_on,
        sessions=form.whole_if(encounter, "sessions", _MOST_OF_A_YEAR, "basket.encounter") or 1,
        prescriptions=prescriptions,
        payers=_payers(wire),
        without_accounts=wire.without_accounts,
        service_on=form.day_if(wire, "service_on", "basket"),
        late_reason=form.text_if(wire, "late_reason", _LATE_REASON_CHARS, "basket"),
        emergency=encounter.emergency,
    )


def _line(wire: settlement_pb2.Line, number: int, prescriptions: frozenset[str]) -> AskedLine:
    path = f"basket.lines[{number}]"
    prescription_id = form.text_if(wire, "prescription_id", _PRESCRIPTION_ID_CHARS, path)
    if prescription_id is not None and prescription_id not in prescriptions:
        raise form.invalid(f"{path}.prescription_id", "a prescription_id of basket.prescriptions")
    return AskedLine(
        line_id=form.text_if(wire, "line_id", _LINE_ID_CHARS, path) or str(number),
        item_code=form.text(wire.item_code, _CODE_CHARS, f"{path}.item_code"),
        quantity_e4=form.quantity_e4(wire.quantity, f"{path}.quantity"),
        unit_price_micro=form.unit_price_micro(wire.unit_price, f"{path}.unit_price"),
        amount_fen=form.amount_of(wire, "amount_fen", path),
        benefit=form.text_if(wire, "benefit", _POLICY_ID_CHARS, path),
        condition=form.text_if(wire, "condition", _POLICY_ID_CHARS, path),
        prescription_id=prescription_id,
        traceability_codes=_traceability_codes(wire.traceability_codes, path),
        service_on=form.day_if(wire, "service_on", path),
        days_supply=form.whole_if(wire, "days_supply", _MOST_OF_A_YEAR, path),
        split_pack=wire.split_pack,
    )


def _traceability_codes(wire: Sequence[str], of_line: str) -> tuple[str, ...]:
    if not wire:
        return ()
    path = f"{of_line}.traceability_codes"
    form.within(len(wire), _TRACEABILITY_COUNT, path)
    form.unique(wire, path)
    return tuple(
        form.text(code, _TRACEABILITY_CHARS, f"{path}[{number}]") for number, code in enumerate(wire, 1)
    )


def _prescriptions(wire: Sequence[settlement_pb2.Prescription]) -> tuple[AskedPrescription, ...]:
    if not wire:
        return ()
    path = "basket.prescriptions"
    form.within(len(wire), _PRESCRIPTION_COUNT, path)
    found = tuple(_prescription(each, f"{path}[{number}]") for number, each in enumerate(wire, 1))
    form.unique([each.prescription_id for each in found], f"{path}.prescription_id")
    return found


def _prescription(wire: settlement_pb2.Prescription, path: str) -> AskedPrescription:
    return AskedPrescription(
        prescription_id=form.text(wire.prescription_id, _PRESCRIPTION_ID_CHARS, f"{path}.prescription_id"),
        kind=form.chosen(wire.kind, _KINDS, f"{path}.kind"),
        number=form.optional_text(wire.number, _NUMBER_CHARS, f"{path}.number"),
        prescriber=form.optional_text(wire.prescriber, _PERSON_CHARS, f"{path}.prescriber"),
        institution=form.optional_text(wire.institution, _PERSON_CHARS, f"{path}.institution"),
        issued_on=form.day_if(wire, "issued_on", path),
        pharmacist=form.optional_text(wire.pharmacist, _PERSON_CHARS, f"{path}.pharmacist"),
    )


def _payers(wire: settlement_pb2.Basket) -> tuple[Payer, ...]:
    if not wire.payers:
        return ()
    path = "basket.payers"
    form.within(len(wire.payers), _PAYER_COUNT, path)
    if wire.without_accounts:
        raise form.invalid("basket.without_accounts", "no payers beside it")
    form.unique([payer.account for payer in wire.payers], f"{path}.account")
    return tuple(
        Payer(
            form.text(payer.account, _ACCOUNT_CHARS, f"{path}[{number}].account"),
            form.chosen(payer.consent, _CONSENTS, f"{path}[{number}].consent"),
        )
        for number, payer in enumerate(wire.payers, 1)
    )


def split(wire: sale_pb2.Split, path: str) -> Split:
    """Returns a split as the patient was shown it; shares of 0 are as good as absent."""
    return Split.make(
        _shares(wire.funds, _FUND_COUNT, f"{path}.funds"),
        _shares(wire.accounts, _PAYER_COUNT, f"{path}.accounts"),
        form.amount_of(wire, "cash_fen", path, most=LARGEST_FEN),
    )


def _shares(wire: Sequence[sale_pb2.Share], most: int, path: str) -> dict[str, int]:
    form.within(len(wire), most, path)
    form.unique([share.id for share in wire], f"{path}.id")
    return {
        form.text(share.id, _POLICY_ID_CHARS, f"{path}[{number}].id"):
            form.amount_of(share, "amount_fen", f"{path}[{number}]", most=LARGEST_FEN)
        for number, share in enumerate(wire, 1)
    }
