"""The columns of dated facts about members: one table a kind."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from medsettle_gateway.domain.member import Aid, Enrolment, Scheme, Standing
from medsettle_gateway.domain.people import (
    Arrears,
    Certificate,
    Cover,
    Payment,
    PersonKind,
    PersonRow,
    Supplement,
    Suspension,
)
from medsettle_gateway.files import cells as read
from medsettle_gateway.files.cells import CellError
from medsettle_gateway.files.csv import Cells, Columns
from medsettle_gateway.files.registers import STANDINGS

_A_DAY: Final = timedelta(days=1)
_YES: Final = {"": False, "no": False, "yes": True}


def _cover(row: Cells) -> PersonRow:
    if row["standing"] not in STANDINGS[row["scheme"]]:
        allowed = ", ".join(STANDINGS[row["scheme"]])
        raise CellError(
            f"standing 与 scheme 不符,应为:{allowed}", f"standing does not fit the scheme: use {allowed}"
        )
    body = Cover(row["region"], row["scheme"], row["standing"], row["enrolment"])
    return _row(row, PersonKind.COVER, f"{row['scheme'].value}/{row['from']}", body)


def _arrears(row: Cells) -> PersonRow:
    if row["from"].day != 1 or (row["to"] is not None and (row["to"] + _A_DAY).day != 1):
        raise CellError(
            "from 应为月初第一天,to 应为月末最后一天",
            "from must be the first day of a month, and to the last day of one",
        )
    if row["paid_on"] is not None and row["paid_on"] < row["from"]:
        raise CellError("paid_on 早于 from", "paid_on is before from")
    return _row(row, PersonKind.ARREARS, row["from"].isoformat(), Arrears(row["paid_on"]))


def _payment(row: Cells) -> PersonRow:
    body = Payment(row["scheme"], row["paid_on"], row.get("subsidised", False))
    key = f"{row['scheme'].value}/{row['paid_on']}"
    return _row({**row, "from": row["paid_on"], "to": None}, PersonKind.PAYMENT, key, body)


def _supplement(row: Cells) -> PersonRow:
    body = Supplement(row["name"], row["paid_on"])
    return _row(row, PersonKind.SUPPLEMENT, f"{row['name']}/{row['from']}", body)


def _suspension(row: Cells) -> PersonRow:
    return _row(row, PersonKind.SUSPENSION, row["from"].isoformat(), Suspension(row["cause"]))


def _certificate(row: Cells) -> PersonRow:
    if row["aid"] is Aid.NONE:
        raise CellError("aid 不能是 none", "aid cannot be none")
    key = f"{row['aid'].value}/{row['district']}/{row['from']}"
    return _row(row, PersonKind.CERTIFICATE, key, Certificate(row["aid"], row["district"]))


def _row(row: Mapping[str, Any], kind: PersonKind, key: str, body: Any) -> PersonRow:  # noqa: ANN401 - a body
    first_on: date = row["from"]
    last_on: date | None = row["to"]
    if last_on is not None and last_on < first_on:
        raise CellError("to 早于 from", "to is before from")
    return PersonRow(row["member_no"], kind, key, first_on, last_on, body, row.get("withdrawn", False))


def _flag(cell: str) -> bool:
    if cell not in _YES:
        raise CellError("应为 yes、no 或留空", "must be yes, no or empty")
    return _YES[cell]


def _columns(
    build: Callable[[Cells], PersonRow], key: tuple[str, ...], **readers: Callable[[str], Any]
) -> Columns[PersonRow]:
    of_days = {} if "paid_on" in key else {"from": read.day, "to": read.optional(read.day)}
    optional = ("subsidised", "withdrawn") if "subsidised" in readers else ("withdrawn",)
    return Columns(
        {"member_no": read.member_number, **readers, **of_days, "withdrawn": _flag},
        build,
        key=("member_no", *key),
        optional=optional,
    )


PERSONS: Final[Mapping[PersonKind, Columns[PersonRow]]] = {
    PersonKind.COVER: _columns(
        _cover, ("scheme", "from"),
        region=read.region, scheme=read.choice(Scheme), standing=read.choice(Standing),
        enrolment=read.choice(Enrolment),
    ),
    PersonKind.ARREARS: _columns(_arrears, ("from",), paid_on=read.optional(read.day)),
    PersonKind.PAYMENT: _columns(
        _payment, ("scheme", "paid_on"), scheme=read.choice(Scheme), paid_on=read.day, subsidised=_flag
    ),
    PersonKind.SUPPLEMENT: _columns(_supplement, ("name", "from"), name=read.word, paid_on=read.day),
    PersonKind.SUSPENSION: _columns(_suspension, ("from",), cause=read.name),
    PersonKind.CERTIFICATE: _columns(
        _certificate, ("aid", "district", "from"), aid=read.choice(Aid), district=read.region
    ),
}
"""By kind; what the register says of a member is entered with the member."""
