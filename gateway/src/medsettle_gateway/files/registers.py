"""The columns of each table that operators enter, named as in the glossary."""

from typing import Final

from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.credential import CodeHolder
from medsettle_gateway.domain.member import Aid, Enrolment, Owner, Scheme, Standing
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level, Specialty
from medsettle_gateway.domain.register import (
    AccrualRow,
    AttributeRow,
    FamilyTie,
    InstitutionRecord,
    MemberRecord,
    YearSum,
)
from medsettle_gateway.files import cells as read
from medsettle_gateway.files.cells import CellError
from medsettle_gateway.files.csv import Cells, Columns

STANDINGS: Final = {
    Scheme.EMPLOYEE: (Standing.ACTIVE, Standing.RETIRED, Standing.FLEXIBLE),
    Scheme.RESIDENT: (Standing.ADULT, Standing.MINOR),
}
_SUSPENDED: Final = {"active": False, "suspended": True}
_WITHDRAWN: Final = {"": False, "no": False, "yes": True}
_FROZEN: Final = {"active": False, "frozen": True}
_KEPT_OF_TIES: Final = {"to": "valid_to", "year_limit_yuan": "limit_fen", "consented_on": "consented_on"}
"""Columns of families that may be missing, and what then stays as it is known."""
_MEASURES: Final = ("deductible", "paid", "borne", "banded")


def _institution(row: Cells) -> InstitutionRecord:
    if row.get("withdrawn") and "from" not in row:
        raise CellError(
            "withdrawn 需要 from 列,说明撤回自何日起的登记",
            "withdrawn needs the column `from`: the row of which day there never was",
        )
    place = Institution(row["kind"], row["level"], row["specialty"], row["designations"])
    return InstitutionRecord(
        row["code"], row["name"], row["region"], place, row["state"], row.get("from"),
        keeps_from="from" not in row, withdrawn=row.get("withdrawn", False),
    )


def _member(row: Cells) -> MemberRecord:
    if row["standing"] not in STANDINGS[row["scheme"]]:
        allowed = ", ".join(STANDINGS[row["scheme"]])
        raise CellError(
            f"standing 与 scheme 不符,应为:{allowed}", f"standing does not fit the scheme: use {allowed}"
        )
    if row["covered_to"] is not None and row["covered_to"] < row["covered_from"]:
        raise CellError("covered_to 早于 covered_from", "covered_to is before covered_from")
    if (row["account_yuan"] is None) != (row["account_state"] is None):
        raise CellError(
            "account_yuan 与 account_state 应同时填写或同时为空",
            "account_yuan and account_state must both be filled or both be empty",
        )
    return MemberRecord(
        row["member_no"], row["name"], row["id_number"], row["region"], row["scheme"], row["standing"],
        row["enrolment"], row["aid"], row["conditions"], row["covered_from"], row["covered_to"],
        row["account_yuan"], bool(row["account_state"]), row.get("born_on"),
        keeps_born_on="born_on" not in row,
        social_card_no=row.get("social_card_no") or "", keeps_social_card="social_card_no" not in row,
        phone=row.get("phone") or "", keeps_phone="phone" not in row,
    )


def _tie(row: Cells) -> FamilyTie:
    if row["member_no"] == row["payer_member_no"]:
        raise CellError("付款人不能是本人", "a member is no relative of oneself")
    if row["relation"] is Owner.SELF:
        raise CellError("relation 不能是 self", "relation cannot be self")
    valid_from, valid_to = row.get("from"), row.get("to")
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        raise CellError("to 早于 from", "to is before from")
    if row.get("year_limit_yuan") == 0:
        raise CellError(
            "year_limit_yuan 应大于零;不限额请留空", "year_limit_yuan is above 0; leave it empty for no limit"
        )
    return FamilyTie(
        row["member_no"], row["payer_member_no"], row["relation"], valid_from, valid_to,
        row.get("year_limit_yuan"), row.get("consented_on"),
        tuple(name for column, name in _KEPT_OF_TIES.items() if column not in row),
    )


def _year_sum(row: Cells) -> YearSum:
    return YearSum(
        row["member_no"], CounterKey(row["year"], row["counter"], row["measure"]), row["amount_yuan"]
    )


def _attribute(row: Cells) -> AttributeRow:
    if row["to"] is not None and row["to"] < row["from"]:
        raise CellError("to 早于 from", "to is before from")
    return AttributeRow(row["member_no"], row["name"], row["value"], row["from"], row["to"])


def _state(states: dict[str, bool]) -> read.Reader[bool]:
    listed = ", ".join(state or "(empty)" for state in states)

    def state(cell: str) -> bool:
        if cell not in states:
            raise CellError(f"应为以下之一:{listed}", f"must be one of {listed}")
        return states[cell]

    return state


def _measure(cell: str) -> str:
    if cell not in _MEASURES:
        listed = ", ".join(_MEASURES)
        raise CellError(f"应为以下之一:{listed}", f"must be one of {listed}")
    return cell


INSTITUTIONS: Final[Columns[InstitutionRecord]] = Columns(
    {
        "code": read.institution_code,
        "name": read.name,
        "region": read.region,
        "kind": read.choice(InstitutionKind),
        "level": read.choice(Level),
        "specialty": read.choice(Specialty),
        "designations": read.choices(Designation),
        "state": _state(_SUSPENDED),
        "from": read.optional(read.day),
        "withdrawn": _state(_WITHDRAWN),
    },
    _institution,
    key=("code", "from"),
    optional=("from", "withdrawn"),
)

MEMBERS: Final[Columns[MemberRecord]] = Columns(
    {
        "member_no": read.member_number,
        "name": read.name,
        "id_number": read.id_number,
        "region": read.region,
        "scheme": read.choice(Scheme),
        "standing": read.choice(Standing),
        "enrolment": read.choice(Enrolment),
        "aid": read.choice(Aid),
        "conditions": read.words,
        "covered_from": read.day,
        "covered_to": read.optional(read.day),
        "account_yuan": read.optional(read.amount),
        "account_state": read.optional(_state(_FROZEN)),
        "born_on": read.optional(read.day),
        "social_card_no": read.optional(read.social_card_number),
        "phone": read.optional(read.phone),
    },
    _member,
    key=("member_no",),
    optional=("born_on", "social_card_no", "phone"),
)

CODES: Final[Columns[CodeHolder]] = Columns(
    {
        "code": read.scanned_code,
        "id_number": read.id_number,
        "name": read.name,
        "region": read.region,
    },
    lambda row: CodeHolder(row["code"], row["id_number"], row["name"], row["region"]),
    key=("code",),
)
"""Who has which code, for a credential service that is simulated."""

ATTRIBUTES: Final[Columns[AttributeRow]] = Columns(
    {
        "member_no": read.member_number,
        "name": read.word,
        "value": read.value,
        "from": read.day,
        "to": read.optional(read.day),
    },
    _attribute,
    key=("member_no", "name", "from"),
)

FAMILIES: Final[Columns[FamilyTie]] = Columns(
    {
        "member_no": read.member_number,
        "payer_member_no": read.member_number,
        "relation": read.choice(Owner),
        "from": read.optional(read.day),
        "to": read.optional(read.day),
        "year_limit_yuan": read.optional(read.amount),
        "consented_on": read.optional(read.day),
    },
    _tie,
    key=("member_no", "payer_member_no"),
    optional=("from", *_KEPT_OF_TIES),
)

ACCRUALS: Final[Columns[AccrualRow]] = Columns(
    {
        "member_no": read.member_number,
        "month": read.month,
        "base_yuan": read.optional(read.amount),
    },
    lambda row: AccrualRow(row["member_no"], row["month"], row["base_yuan"]),
    key=("member_no", "month"),
)

YEARS: Final[Columns[YearSum]] = Columns(
    {
        "member_no": read.member_number,
        "year": read.year,
        "counter": read.counter,
        "measure": _measure,
        "amount_yuan": read.amount,
    },
    _year_sum,
    key=("member_no", "year", "counter", "measure"),
)
