"""The till's own look at what it is about to send: limits and arithmetic of the contract.

What the gateway would refuse as malformed is refused here, with the same reasons, before anything
is journalled or sent. Quantities and prices are scaled integers: no fen is lost.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from medsettle._arguments import fitting
from medsettle.errors import request_error
from medsettle.models import (
    AcceptedWarning,
    Basket,
    Credential,
    Encounter,
    Line,
    Prescription,
    Proxy,
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
ITEM_CODES_MAX: Final = 50
WARNINGS_MAX: Final = 16
AMOUNT_FEN_MAX: Final = 1_000_000_000
YEAR_MAX: Final = 366
"""Sessions billed, days that a drug lasts."""
_QUANTITY_PLACES, _QUANTITY_MAX = 4, 999_999
_PRICE_PLACES, _PRICE_MAX = 6, 99_999_999
_SCALE: Final = 100_000_000
"""Quantity and price together are scaled by 10 to the 10th; a fen is 10 to the -2 yuan."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that no text may hold: controls, direction marks, surrogates, breaks."""
_REFERENCE_CHARS: Final = 64
_ID_NUMBER: Final = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_OLD_NUMBER: Final = re.compile(r"[0-9]{15}|[A-Z]{3}[0-9]{12}", re.ASCII)
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS: Final = "10X98765432"
_PHONE: Final = re.compile(r"\+?[0-9][0-9 -]{4,18}", re.ASCII)
_DECIMAL: Final = re.compile(r"([0-9]{1,40})(?:\.([0-9]{1,40}))?", re.ASCII)


def checked_credential(credential: Credential | str) -> Credential:
    """Returns the credential, 1 to 512 characters as scanned. Raises RequestError."""
    read = Credential(credential) if isinstance(credential, str) else credential
    fitting("credential", read, Credential)
    _text(read.token, "credential.token", 1, 512)
    if read.code_type is not None:
        _text(read.code_type, "credential.code_type", 1, 32)
    return read


def checked_proxy(proxy: Proxy | None) -> Proxy | None:
    """Returns who came for the patient, or None. Raises RequestError, which repeats nothing of him."""
    fitting("proxy", proxy, Proxy | None)
    if proxy is not None:
        _text(proxy.name, "proxy.name", 1, 50)
        _text(proxy.id_number, "proxy.id_number", 15, 18)
        _text(proxy.phone, "proxy.phone", 0, 20)
        if not _adds_up(proxy.id_number.upper()):
            raise request_error(Reason.FIELD_INVALID, field="proxy.id_number", cause="check character")
        if proxy.phone and not _PHONE.fullmatch(proxy.phone):
            raise request_error(Reason.FIELD_INVALID, field="proxy.phone", expected="6 to 20 digits")
    return proxy


def _adds_up(number: str) -> bool:
    """Of 18 characters with the check character of GB 11643, or an older number of 15."""
    if not _ID_NUMBER.fullmatch(number):
        return _OLD_NUMBER.fullmatch(number) is not None
    weighed = sum(int(digit) * weight for digit, weight in zip(number[:-1], _ID_WEIGHTS, strict=True))
    return number[-1] == _ID_CHECKS[weighed % len(_ID_CHECKS)]


def checked_item_codes(codes: Sequence[str]) -> tuple[str, ...]:
    """Returns the items that a check asks about, up to 50, each once. Raises RequestError."""
    fitting("item_codes", codes, Sequence[str])
    _at_most(codes, ITEM_CODES_MAX, "item_codes")
    for code in codes:
        _text(code, "item_codes", 1, 32)
    _unique(codes, "item_codes")
    return tuple(codes)


def checked_basket(basket: Basket) -> Basket:
    """Returns the basket, each line with its amount and its decimals as text. Raises RequestError."""
    fitting("basket", basket, Basket)
    if not basket.lines:
        raise request_error(Reason.FIELD_REQUIRED, field="basket.lines")
    if len(basket.lines) > LINES_MAX:
        raise request_error(Reason.BASKET_TOO_LARGE, limit=str(LINES_MAX))
    _at_most(basket.prescriptions, PRESCRIPTIONS_MAX, "basket.prescriptions")
    _at_most(basket.payers, PAYERS_MAX, "basket.payers")
    _text(basket.late_reason or "", "basket.late_reason", 0, 200)
    _text(basket.benefit or "", "basket.benefit", 0, 64)
    for each in basket.prescriptions:
        _prescription(each)
    _unique([each.prescription_id for each in basket.prescriptions], "prescription_id")
    _payers(basket)
    _encounter(basket.encounter or Encounter())
    lines = tuple(_line(line, number) for number, line in enumerate(basket.lines, 1))
    _unique([line.line_id or str(number) for number, line in enumerate(lines, 1)], "line_id")
    codes = [code for line in lines for code in line.traceability_codes]
    _at_most(codes, TRACEABILITY_CODES_MAX, "basket.lines.traceability_codes")
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
    _text(operator, "operator", 1, 40)
    return operator


def checked_reason(reason: str) -> str:
    """Returns why a sale is reversed, 1 to 200 characters. Raises RequestError."""
    fitting("reason", reason, str)
    _text(reason, "reason", 1, 200)
    return reason


def checked_acknowledgements(names: Sequence[str]) -> tuple[str, ...]:
    """Returns what the cashier has accepted, up to 16 names of reasons. Raises RequestError."""
    fitting("acknowledgements", names, Sequence[str])
    _at_most(names, ACKNOWLEDGEMENTS_MAX, "acknowledgements")
    return tuple(names)


def checked_warnings(accepted: Sequence[AcceptedWarning]) -> tuple[AcceptedWarning, ...]:
    """Returns the warnings that the cashier has accepted, up to 16, each once. Raises RequestError."""
    fitting("accepted_warnings", accepted, Sequence[AcceptedWarning])
    _at_most(accepted, WARNINGS_MAX, "accepted_warnings")
    for each in accepted:
        _text(each.code, "accepted_warnings.code", 1, 64)
        _text(each.reason, "accepted_warnings.reason", 1, 200)
    _unique([each.code for each in accepted], "accepted_warnings.code")
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
    _at_most(tenders, TENDERS_MAX, "tenders")
    given: Sequence[object] = tenders
    for number, one in enumerate(given, 1):
        if not isinstance(one, Tendered):
            fitting(f"tenders[{number}]", one, Tendered)
    for each in tenders:
        fitting("tenders.kind", each.kind, str)
        _text(each.kind, "tenders.kind", 1, 16)
        if type(each.amount_fen) is not int or each.amount_fen <= 0:
            raise request_error(Reason.AMOUNT_OUT_OF_RANGE, field="tenders.amount_fen")
    if sum(each.amount_fen for each in tenders) != cash_fen:
        raise request_error(Reason.TENDER_MISMATCH, cash_fen=str(cash_fen))
    return tuple(replace(each, reference=_seen(each.reference)[:_REFERENCE_CHARS]) for each in tenders)


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
    _text(line.item_code, f"{where}.item_code", 1, 32)
    _text(line.line_id, f"{where}.line_id", 0, 16)
    for name, text in (("benefit", line.benefit), ("condition", line.condition)):
        _text(text or "", f"{where}.{name}", 0, 64)
    for code in line.traceability_codes:
        _text(code, f"{where}.traceability_codes", 1, 64)
    _at_most(line.traceability_codes, 100, f"{where}.traceability_codes")
    _unique(line.traceability_codes, f"{where}.traceability_codes")
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
        _text(payer.account, "basket.payers.account", 1, 40)
    _unique([payer.account for payer in basket.payers], "basket.payers.account")
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
    _text(prescription.prescription_id, f"{where}.prescription_id", 1, 16)
    _text(prescription.number, f"{where}.number", 0, 40)
    _text(prescription.prescriber, f"{where}.prescriber", 0, 30)
    _text(prescription.institution, f"{where}.institution", 0, 30)
    _text(prescription.pharmacist, f"{where}.pharmacist", 0, 30)


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


def _text(text: str, field: str, shortest: int, longest: int) -> None:
    if len(text) < shortest:
        raise request_error(Reason.FIELD_REQUIRED, field=field)
    if len(text) > longest:
        raise request_error(Reason.FIELD_INVALID, field=field, limit=str(longest))
    if _seen(text) != text:
        raise request_error(Reason.FIELD_INVALID, field=field, cause="control characters")


def _seen(text: str) -> str:
    """Returns the text without what a screen or a log must not be sent: the gateway takes none of it."""
    return "".join(each for each in text if unicodedata.category(each) not in _UNSEEN)


def _at_most(values: Sequence[object], limit: int, field: str) -> None:
    if len(values) > limit:
        raise request_error(Reason.FIELD_INVALID, field=field, limit=str(limit))


def _unique(names: Sequence[str], field: str) -> None:
    if len(set(names)) < len(names):
        raise request_error(Reason.FIELD_INVALID, field=field, cause="it stands twice")
