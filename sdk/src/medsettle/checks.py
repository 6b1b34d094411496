"""The till's own look at what it is about to send: limits and arithmetic of the contract.

What the gateway would refuse as malformed is refused here, with the same reasons, before anything
is journalled or sent. Quantities and prices are scaled integers: no fen is lost.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from medsettle._arguments import fitting
from medsettle._limits import at_most, seen, sized, unique
from medsettle.errors import request_error
from medsettle.models import (
    AcceptedWarning,
    Basket,
    Encounter,
    Line,
    Prescription,
    Split,
    Tendered,
)
from medsettle.wire.reasons import Reason

LINES_MAX: Final = 200
TRACEABILITY_CODES_MAX: Final = 500
PRESCRIPTIONS_MAX: Final = 20
PAYERS_MAX: Final = 8
TENDERS_MAX: Final = 8
ACKNOWLEDGEMENTS_MAX: Final = 16
WARNINGS_MAX: Final = 16
AMOUNT_FEN_MAX: Final = 1_000_000_000
YEAR_MAX: Final = 366
"""Sessions billed, days that a drug lasts."""
_QUANTITY_PLACES, _QUANTITY_MAX = 4, 999_999
_PRICE_PLACES, _PRICE_MAX = 6, 99_999_999
_SCALE: Final = 100_000_000
"""Quantity and price together are scaled by 10 to the 10th; a fen is 10 to the -2 yuan."""
_REFERENCE_CHARS: Final = 64
_DECIMAL: Final = re.compile(r"([0-9]{1,40})(?:\.([0-9]{1,40}))?", re.ASCII)


def checked_basket(basket: Basket) -> Basket:
    """Returns the basket, each line with its amount and its decimals as text. Raises RequestError."""
    fitting("basket", basket, Basket)
    if not basket.lines:
        raise request_error(Reason.FIELD_REQUIRED, field="basket.lines")
    if len(basket.lines) > LINES_MAX:
        raise request_error(Reason.BASKET_TOO_LARGE, limit=str(LINES_MAX))
    at_most(basket.prescriptions, PRESCRIPTIONS_MAX, "basket.prescriptions")
    at_most(basket.payers, PAYERS_MAX, "basket.payers")
    sized(basket.late_reason or "", "basket.late_reason", 0, 200)
    sized(basket.benefit or "", "basket.benefit", 0, 64)
    for each in basket.prescriptions:
        _prescription(each)
    unique([each.prescription_id for each in basket.prescriptions], "prescription_id")
    _payers(basket)
    _encounter(basket.encounter or Encounter())
    lines = tuple(_line(line, number) for number, line in enumerate(basket.lines, 1))
    unique([line.line_id or str(number) for number, line in enumerate(lines, 1)], "line_id")
    codes = [code for line in lines for code in line.traceability_codes]
    at_most(codes, TRACEABILITY_CODES_MAX, "basket.lines.traceability_codes")
    _prescribed(basket)
    return replace(basket, lines=lines)


def checked_staying(lines: Sequence[Line]) -> Basket:
    """Returns the lines that stay of a sale, as a basket. Raises RequestError; each needs its line_id."""
    fitting("stay", lines, Sequence[Line])
    for number, line in enumerate(lines, 1):
        if not line.line_id:
            raise request_error(Reason.FIELD_REQUIRED, field=f"stay[{number}].line_id")
    # The prescriptions are those of the sale: a line as it was sold names one that this basket has not.
    return checked_basket(Basket(tuple(replace(line, prescription_id=None) for line in lines)))


def checked_operator(operator: str) -> str:
    """Returns who works the till, 1 to 40 characters. Raises RequestError."""
    fitting("operator", operator, str)
    sized(operator, "operator", 1, 40)
    return operator


def checked_reason(reason: str) -> str:
    """Returns why a sale is reversed, 1 to 200 characters. Raises RequestError."""
    fitting("reason", reason, str)
    sized(reason, "reason", 1, 200)
    return reason


def checked_acknowledgements(names: Sequence[str]) -> tuple[str, ...]:
    """Returns what the cashier has accepted, up to 16 names of reasons. Raises RequestError."""
    fitting("acknowledgements", names, Sequence[str])
    at_most(names, ACKNOWLEDGEMENTS_MAX, "acknowledgements")
    return tuple(names)


def checked_warnings(accepted: Sequence[AcceptedWarning]) -> tuple[AcceptedWarning, ...]:
    """Returns the warnings that the cashier has accepted, up to 16, each once. Raises RequestError."""
    fitting("accepted_warnings", accepted, Sequence[AcceptedWarning])
    at_most(accepted, WARNINGS_MAX, "accepted_warnings")
    for each in accepted:
        sized(each.code, "accepted_warnings.code", 1, 64)
        sized(each.reason, "accepted_warnings.reason", 1, 200)
    unique([each.code for each in accepted], "accepted_warnings.code")
    return tuple(accepted)


def checked_split(split: Split) -> Split:
    """Returns a split without negative parts. Raises RequestError."""
    fitting("expected", split, Split)
    if min(split.cash_fen, *split.funds.values(), *split.accounts.values(), 0) < 0:
        raise request_error(Reason.AMOUNT_OUT_OF_RANGE, field="expected")
    return split


def checked_tenders(tenders: Sequence[Tendered], cash_fen: int) -> tuple[Tendered, ...]:
    """Returns the tenders if they add up to the cash part, in fen. Raises RequestError.

    The cash is taken, so no reference of a provider stops the sale: what cannot be sent of it is left out.
    """
    fitting("tenders", tenders, Sequence[object])
    at_most(tenders, TENDERS_MAX, "tenders")
    given: Sequence[object] = tenders
    for number, one in enumerate(given, 1):
        if not isinstance(one, Tendered):
            fitting(f"tenders[{number}]", one, Tendered)
    for each in tenders:
        fitting("tenders.kind", each.kind, str)
        sized(each.kind, "tenders.kind", 1, 16)
        if type(each.amount_fen) is not int or each.amount_fen <= 0:
            raise request_error(Reason.AMOUNT_OUT_OF_RANGE, field="tenders.amount_fen")
    if sum(each.amount_fen for each in tenders) != cash_fen:
        raise request_error(Reason.TENDER_MISMATCH, cash_fen=str(cash_fen))
    return tuple(replace(each, reference=seen(each.reference)[:_REFERENCE_CHARS]) for each in tenders)


def decimal_text(value: str | int | Decimal) -> str:
    """Returns a quantity or a price as the contract writes it; nothing is rounded."""
    if isinstance(value, Decimal) and value.is_finite():
        whole, point, rest = f"{value:f}".partition(".")
        return f"{whole}{point}{rest.rstrip('0')}".rstrip(".")
    return str(value)


def line_amount_fen(quantity: str, unit_price: str, line: str = "line") -> int:
    """Returns quantity x unit price in fen, rounded half-up. Raises RequestError that names the line."""
    number = _scaled(quantity, _QUANTITY_PLACES, _QUANTITY_MAX, f"{line}.quantity")
    price = _scaled(unit_price, _PRICE_PLACES, _PRICE_MAX, f"{line}.unit_price")
    if number == 0:
        raise request_error(Reason.AMOUNT_OUT_OF_RANGE, field=f"{line}.quantity", value=quantity)
    scale = _SCALE
    amount_fen = (2 * number * price + scale) // (2 * scale)
    if amount_fen > AMOUNT_FEN_MAX:
        raise request_error(
            Reason.AMOUNT_OUT_OF_RANGE, field=f"{line}.amount_fen", value=str(amount_fen),
            limit=str(AMOUNT_FEN_MAX),
        )
    return amount_fen


def _line(line: Line, number: int) -> Line:
    where = f"lines[{number}]"
    sized(line.item_code, f"{where}.item_code", 1, 32)
    sized(line.line_id, f"{where}.line_id", 0, 16)
    for name, text in (("benefit", line.benefit), ("condition", line.condition)):
        sized(text or "", f"{where}.{name}", 0, 64)
    for code in line.traceability_codes:
        sized(code, f"{where}.traceability_codes", 1, 64)
    at_most(line.traceability_codes, 100, f"{where}.traceability_codes")
    unique(line.traceability_codes, f"{where}.traceability_codes")
    _within_a_year(line.days_supply, f"{where}.days_supply")
    quantity, unit_price = decimal_text(line.quantity), decimal_text(line.unit_price)
    amount_fen = line_amount_fen(quantity, unit_price, where)
    if line.amount_fen not in (None, amount_fen):
        raise request_error(
            Reason.LINE_AMOUNT_MISMATCH, line=line.line_id or str(number), amount_fen=str(amount_fen)
        )
    return replace(line, quantity=quantity, unit_price=unit_price, amount_fen=amount_fen)


def _payers(basket: Basket) -> None:
    for payer in basket.payers:
        sized(payer.account, "basket.payers.account", 1, 40)
    unique([payer.account for payer in basket.payers], "basket.payers.account")
    if basket.payers and basket.without_accounts:
        raise request_error(
            Reason.FIELD_INVALID, field="basket.without_accounts", expected="no payers beside it"
        )


def _prescribed(basket: Basket) -> None:
    known = {each.prescription_id for each in basket.prescriptions}
    for number, line in enumerate(basket.lines, 1):
        if line.prescription_id and line.prescription_id not in known:
            raise request_error(
                Reason.FIELD_INVALID, field=f"lines[{number}].prescription_id",
                expected="a prescription_id of basket.prescriptions",
            )


def _encounter(encounter: Encounter) -> None:
    where = "basket.encounter"
    _within_a_year(encounter.sessions, f"{where}.sessions")
    admitted_on, discharged_on = encounter.admitted_on, encounter.discharged_on
    if discharged_on is not None and (admitted_on is None or discharged_on < admitted_on):
        raise request_error(
            Reason.FIELD_INVALID, field=f"{where}.discharged_on", expected="a day not before admitted_on"
        )


def _within_a_year(number: int | None, field: str) -> None:
    if number is not None and not 1 <= number <= YEAR_MAX:
        raise request_error(Reason.FIELD_INVALID, field=field, expected=f"1 to {YEAR_MAX}")


def _prescription(prescription: Prescription) -> None:
    where = "basket.prescriptions"
    sized(prescription.prescription_id, f"{where}.prescription_id", 1, 16)
    sized(prescription.number, f"{where}.number", 0, 40)
    sized(prescription.prescriber, f"{where}.prescriber", 0, 30)
    sized(prescription.institution, f"{where}.institution", 0, 30)
    sized(prescription.pharmacist, f"{where}.pharmacist", 0, 30)


def _scaled(text: str, places: int, largest: int, field: str) -> int:
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise request_error(Reason.FIELD_INVALID, field=field, value=text[:40], expected="a decimal number")
    if len(match[2] or "") > places:
        raise request_error(Reason.FIELD_INVALID, field=field, value=text[:40], decimals=str(places))
    scaled = int(match[1] + (match[2] or "").ljust(places, "0"))
    if scaled > largest * 10**places:
        raise request_error(
            Reason.AMOUNT_OUT_OF_RANGE, field=field, value=text[:40], limit=str(largest)
        )
    return scaled
