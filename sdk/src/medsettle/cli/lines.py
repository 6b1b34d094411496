"""Baskets from the command line: ``CODE*QTY@PRICE,condition=ID,days=N``, or a JSON file.

Prescriptions: ``NUMBER@INSTITUTION,prescriber=ID``.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from medsettle.models import Basket, Consent, Encounter, Line, Payer, Prescription, PrescriptionKind

T = TypeVar("T")

FILE_BYTES_MAX: Final = 1_048_576
_LINE: Final = re.compile(r"(?P<code>[^*@\s]+)(?:\*(?P<quantity>[0-9.]+))?@(?P<price>[0-9.]+)", re.ASCII)


class BasketTextError(ValueError):
    """A basket cannot be read as it is written. ``str`` has a line in Chinese and one in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")


def line_of(text: str) -> Line:
    """Returns the line of ``CODE*QTY@PRICE``; without ``*QTY`` one piece.

    What :data:`OPTIONS` names may follow, as in ``,condition=hypertension,days=30``. Raises BasketTextError.
    """
    goods, *options = text.split(",")
    match = _LINE.fullmatch(goods)
    if match is None:
        raise BasketTextError(
            f"明细 {text!r} 应写成 编码*数量@单价(元)。",
            f"Write the line {text!r} as CODE*QUANTITY@PRICE, the price in yuan.",
        )
    line = Line(match["code"], quantity=match["quantity"] or "1", unit_price=match["price"])
    for option in options:
        line = replace(line, **_option(text, option, OPTIONS))
    return line


def _option(
    text: str, option: str, known: Mapping[str, tuple[str, Callable[[str], Any]]]
) -> dict[str, Any]:
    name, _, value = option.partition("=")
    field, read = known.get(name, ("", str))
    try:
        if field and value:
            return {field: read(value)}
    except BasketTextError:
        raise
    except (ValueError, KeyError):
        pass
    listed = ", ".join(f"{each}=..." for each in known)
    raise BasketTextError(
        f"{text!r} 中的 {option!r} 不可用,可写:{listed}。",
        f"In {text!r} {option!r} cannot be read; there are: {listed}.",
    )


def _codes(text: str) -> tuple[str, ...]:
    codes = tuple(text.split("+"))
    for code in codes:
        if codes.count(code) > 1:
            raise BasketTextError(
                f"追溯码 {code} 在这一行出现了两次;请逐盒扫码,每盒只扫一次。",
                f"The traceability code {code} stands in this line twice: scan each pack once.",
            )
    return codes


OPTIONS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "condition": ("condition", str),
    "days": ("days_supply", int),
    "benefit": ("benefit", str),
    "on": ("service_on", date.fromisoformat),
    "id": ("line_id", str),
    "rx": ("prescription_id", str),
    "trace": ("traceability_codes", _codes),
    "split": ("split_pack", lambda word: _SAID[word]),
}
"""What may follow a line: the filed condition, days that the drug lasts, the benefit, the day, its id, the
number of its prescription, traceability codes of its packs, whether it is a part of an opened pack.
"""
_SAID: Final[Mapping[str, bool]] = {"yes": True, "no": False}
_RX_OPTIONS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "prescriber": ("prescriber", str),
    "pharmacist": ("pharmacist", str),
    "issued": ("issued_on", date.fromisoformat),
}


def prescription_of(text: str, prescription_id: str) -> Prescription:
    """Returns the prescription of ``NUMBER`` or ``NUMBER@INSTITUTION``, which makes it an external one.

    ``,prescriber=ID``, ``,pharmacist=ID`` and ``,issued=DATE`` may follow. Raises BasketTextError.
    """
    named, *options = text.split(",")
    number, at, institution = named.partition("@")
    if not number or bool(at) != bool(institution):
        raise BasketTextError(
            f"处方 {text!r} 应写成 处方号 或 处方号@开方机构。",
            f"Write the prescription {text!r} as NUMBER or NUMBER@INSTITUTION.",
        )
    kind = PrescriptionKind.EXTERNAL if institution else PrescriptionKind.OWN
    read = Prescription(prescription_id, kind, number, institution=institution)
    for option in options:
        read = replace(read, **_option(text, option, _RX_OPTIONS))
    return read


def prescribed(basket: Basket, texts: Sequence[str]) -> Basket:
    """Returns the basket with these prescriptions, which lines name by number. Raises BasketTextError."""
    first = len(basket.prescriptions) + 1
    added = tuple(prescription_of(text, f"rx{number}") for number, text in enumerate(texts, first))
    ids = {each.number: each.prescription_id for each in added}
    lines = tuple(
        replace(line, prescription_id=ids.get(line.prescription_id or "", line.prescription_id))
        for line in basket.lines
    )
    return replace(basket, lines=lines, prescriptions=(*basket.prescriptions, *added))


def payer_of(text: str) -> Payer:
    """Returns the payer of ``ACCOUNT`` or ``ACCOUNT:in-person|standing``. Raises BasketTextError."""
    account, colon, consent = text.partition(":")
    if not colon:
        return Payer(account)
    name = consent.replace("-", "_").upper()
    if name not in Consent.__members__:
        raise BasketTextError(
            f"--payer {text!r} 的同意方式应为 in-person 或 standing。",
            f"In --payer {text!r} the consent is in-person or standing.",
        )
    return Payer(account, Consent[name])


def basket_of(path: Path) -> Basket:
    """Returns the basket of a JSON file, whose keys are those of ``models.Basket``.

    Raises BasketTextError that names what is wrong, and where.
    """
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BasketTextError(
                f"{path} 过大,最多{FILE_BYTES_MAX}字节。", f"{path} is larger than {FILE_BYTES_MAX} bytes."
            )
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BasketTextError(
            f"无法读取 {path};请核对文件名和权限。", f"Cannot read {path}: {error.strerror}."
        ) from error
    except ValueError as error:
        raise BasketTextError(f"{path} 不是JSON。", f"{path} is not JSON: {error}.") from error
    return _object("basket", data, Basket, {
        "lines": lambda value: _list("lines", value, _line),
        "prescriptions": lambda value: _list("prescriptions", value, _prescription),
        "payers": lambda value: _list("payers", value, _payer),
        "encounter": lambda value: _object(
            "encounter", value, Encounter,
            {"admitted_on": _day, "discharged_on": _day, "sessions": _as(int), "emergency": _as(bool)},
        ),
        "service_on": _day,
        "without_accounts": _as(bool),
        "benefit": _as(str),
        "late_reason": _as(str),
    })


def _line(place: str, data: object) -> Line:
    return _object(place, data, Line, {
        "amount_fen": _as(int), "service_on": _day, "days_supply": _as(int), "split_pack": _as(bool),
        "traceability_codes": lambda value: _list(place, value, lambda _, code: _as(str)(code)),
    })


def _prescription(place: str, data: object) -> Prescription:
    return _object(place, data, Prescription, {"kind": PrescriptionKind, "issued_on": _day})


def _payer(place: str, data: object) -> Payer:
    return _object(place, data, Payer, {"consent": Consent})


def _object(place: str, data: object, kind: Callable[..., T], read: Mapping[str, Callable[[Any], Any]]) -> T:
    """One object of the file as a model; a key without a reader is a string."""
    if not isinstance(data, dict):
        raise _wrong(place, "应为对象", "an object")
    known = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    for key in data:
        if key not in known:
            listed = ", ".join(known)
            raise _wrong(f"{place}.{key}", f"可用的有 {listed}", f"one of {listed}")
    values = {key: _built(place, key, value, read.get(key, _as(str))) for key, value in data.items()}
    try:
        return kind(**values)
    except TypeError as error:
        missing = ", ".join(_required(kind) - values.keys())
        raise BasketTextError(f"{place} 缺少 {missing}。", f"{place} lacks {missing}.") from error


def _list(place: str, data: object, read: Callable[[str, object], T]) -> tuple[T, ...]:
    if not isinstance(data, list):
        raise _wrong(place, "应为列表", "a list")
    return tuple(read(f"{place}[{number}]", each) for number, each in enumerate(data))


def _built(place: str, key: str, value: object, read: Callable[[Any], T]) -> T:
    try:
        return read(value)
    except BasketTextError:
        raise
    except (ValueError, TypeError) as error:
        shown = json.dumps(value, ensure_ascii=False)
        raise _wrong(f"{place}.{key}", f"不能是 {shown}", str(error)) from error


def _required(kind: Callable[..., T]) -> set[str]:
    """The fields that have no default."""
    every = fields(kind)  # type: ignore[arg-type]
    return {each.name for each in every if each.default is MISSING and each.default_factory is MISSING}


_KINDS: Final[Mapping[type, str]] = {str: "a text", int: "a whole number", bool: "true or false"}


def _as(kind: type) -> Callable[[object], Any]:
    def read(value: object) -> object:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is not {_KINDS[kind]}")
        return value

    return read


def _day(value: object) -> date:
    return date.fromisoformat(str(value))


def _wrong(place: str, zh: str, en: str) -> BasketTextError:
    inside = place.removeprefix("basket").lstrip(".")
    if not inside:
        return BasketTextError(f"购物篮不正确:{zh}。", f"The basket is not right: {en}.")
    return BasketTextError(
        f"购物篮的 {inside} 不正确:{zh}。", f"In the basket, {inside} is not right: {en}."
    )
