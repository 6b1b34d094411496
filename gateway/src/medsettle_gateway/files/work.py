"""The columns of dated facts about places, about those who work there, and of filings: one table a kind."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from medsettle_gateway.domain.filings import (
    Away,
    AwayFiled,
    ChronicFiled,
    FilingFact,
    LateClaimAllowed,
    Reviewed,
)
from medsettle_gateway.domain.place import (
    Designated,
    Designation,
    InDistrict,
    PlaceFact,
    Stopped,
    TakesCards,
)
from medsettle_gateway.domain.register import RecordRow
from medsettle_gateway.domain.staff import (
    PointsDeducted,
    PoolFiled,
    Post,
    StaffFact,
    StaffRole,
    StaffStopped,
)
from medsettle_gateway.files import cells as read
from medsettle_gateway.files.cells import CellError
from medsettle_gateway.files.csv import Cells, Columns

BOUND_MOST: Final = 2
"""Institutions to which a chronic filing is bound (篇10: one or two)."""
LISTED_MOST: Final = 200
"""Codes that one cell may list."""
_LICENCE_SHOWN: Final = 4
_CODE: Final = re.compile(r"[0-9A-Za-z-]{1,30}")
_LICENCE: Final = re.compile(r"[0-9A-Za-z-]{6,40}")
_POINTS: Final = re.compile(r"[1-9][0-9]?|100")
_ANYWHERE: Final = re.compile(r"[0-9A-Za-z-]{1,30}")
_YES: Final = {"": False, "no": False, "yes": True}
_PASSED: Final = {"passed": True, "failed": False}


def _designation(row: Cells) -> RecordRow:
    designation: Designation = row["designation"]
    body = Designated(designation, row["contract"])
    return _row(row["code"], row, PlaceFact.DESIGNATION, f"{designation.value}/{row['from']}", body)


def _stopped(kind: PlaceFact) -> Callable[[Cells], RecordRow]:
    return lambda row: _row(row["code"], row, kind, row["from"].isoformat(), Stopped(row["cause"]))


def _card(row: Cells) -> RecordRow:
    return _row(row["code"], row, PlaceFact.CARD, row["from"].isoformat(), TakesCards())


def _district(row: Cells) -> RecordRow:
    return _row(row["code"], row, PlaceFact.DISTRICT, row["from"].isoformat(), InDistrict(row["district"]))


def _post(row: Cells) -> tuple[RecordRow, RecordRow | None]:
    """The post of a row, and its filing for the outpatient pool where the row has one."""
    role: StaffRole = row["role"]
    body = Post(role, row["institutions"], row["licence_no"][-_LICENCE_SHOWN:])
    post = _row(row["code"], row, StaffFact.POST, f"{role.value}/{row['from']}", body)
    filed_from, filed_to = row.get("filed_from"), row.get("filed_to")
    if filed_from is None:
        if filed_to is not None:
            raise CellError("有 filed_to 时应填写 filed_from", "filed_to needs a filed_from")
        return post, None
    if role is not StaffRole.PRESCRIBER:
        raise CellError("只有医师(prescriber)可备案", "only a prescriber is filed")
    days = {"from": filed_from, "to": filed_to, "withdrawn": post.withdrawn}
    return post, _row(row["code"], days, StaffFact.POOL_FILING, filed_from.isoformat(), PoolFiled())


def _staff_stopped(row: Cells) -> RecordRow:
    if row["cancelled"] and row["to"] is not None:
        raise CellError("取消资格没有截止日期,to 应留空", "to: what is cancelled has no last day")
    body = StaffStopped(row["cause"], row["author"], row["cancelled"])
    return _row(row["code"], row, StaffFact.SUSPENSION, row["from"].isoformat(), body)


def _points(row: Cells) -> RecordRow:
    on: date = row["decided_on"]
    days = {"from": on, "to": on, "withdrawn": row.get("withdrawn", False)}
    body = PointsDeducted(row["points"], row["reason"], row["author"])
    return _row(row["code"], days, StaffFact.POINTS, row["number"], body)


def _chronic(row: Cells) -> RecordRow:
    if len(row["institutions"]) > BOUND_MOST:
        raise CellError(
            f"institutions 最多{BOUND_MOST}家", f"institutions names {BOUND_MOST} places at most"
        )
    body = ChronicFiled(row["condition"], row["institutions"], row["drugs"], row["filed_by"])
    return _row(row["member_no"], row, FilingFact.CHRONIC, f"{row['condition']}/{row['from']}", body)


def _review(row: Cells) -> RecordRow:
    on: date = row["reviewed_on"]
    body = Reviewed(row["condition"], row["result"], row["institution"])
    days = {"from": on, "to": on, "withdrawn": row.get("withdrawn", False)}
    return _row(row["member_no"], days, FilingFact.REVIEW, f"{row['condition']}/{on}", body)


def _away(row: Cells) -> RecordRow:
    if not row["regions"] and not row["institutions"]:
        raise CellError("regions 与 institutions 至少填一项", "names neither regions nor institutions")
    kind: Away = row["kind"]
    if kind is Away.REFERRAL and not row["issued_by"]:
        raise CellError("转诊须填写 issued_by(转出医院)", "issued_by of a referral names the hospital")
    body = AwayFiled(kind, row["regions"], row["institutions"], row["issued_by"])
    return _row(row["member_no"], row, FilingFact.AWAY, f"{kind.value}/{row['from']}", body)


def _late_claim(row: Cells) -> RecordRow:
    body = LateClaimAllowed(row["cause"], row["author"])
    return _row(row["member_no"], row, FilingFact.LATE_CLAIM, row["from"].isoformat(), body)


def _row(of: str, row: Mapping[str, Any], kind: str, key: str, body: object) -> RecordRow:
    first_on: date = row["from"]
    last_on: date | None = row["to"]
    if last_on is not None and last_on < first_on:
        raise CellError("to 早于 from", "to is before from")
    return RecordRow(of, str(kind), key, first_on, last_on, body, withdrawn=row.get("withdrawn", False))


def staff_code(cell: str) -> str:
    """The code of a prescriber or pharmacist, as tills state it."""
    if not _CODE.fullmatch(cell):
        raise CellError("应为1至30位字母、数字或短横", "must be 1 to 30 letters, digits or dashes")
    return cell


def points(cell: str) -> int:
    """Credit points that are deducted at once."""
    if not _POINTS.fullmatch(cell):
        raise CellError("应为1至100的整数", "must be a whole number from 1 to 100")
    return int(cell)


def _licence(cell: str) -> str:
    if not _LICENCE.fullmatch(cell):
        raise CellError("应为6至40位字母、数字或短横", "must be 6 to 40 letters, digits or dashes")
    return cell


def _anywhere(cell: str) -> str:
    """An institution's code, of this region or another one; empty: nobody said."""
    if cell and not _ANYWHERE.fullmatch(cell):
        raise CellError("应为1至30位字母、数字或短横", "must be 1 to 30 letters, digits or dashes")
    return cell


def _text(cell: str) -> str:
    return read.name(cell) if cell else ""


def _listed(one: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    def several(cell: str) -> tuple[str, ...]:
        found = tuple(one(part.strip()) for part in cell.split(";") if part.strip())
        if len(set(found)) != len(found):
            raise CellError("有重复的代码", "names a code twice")
        if len(found) > LISTED_MOST:
            raise CellError(f"最多{LISTED_MOST}个", f"lists {LISTED_MOST} codes at most")
        return found

    return several


def _one_of(words: Mapping[str, bool]) -> Callable[[str], bool]:
    listed = ", ".join(word or "(empty)" for word in words)

    def flag(cell: str) -> bool:
        if cell not in words:
            raise CellError(f"应为以下之一:{listed}", f"must be one of {listed}")
        return words[cell]

    return flag


_DAYS: Final = {"from": read.day, "to": read.optional(read.day)}
_WITHDRAWN: Final = {"withdrawn": _one_of(_YES)}


def _columns(
    build: Callable[[Cells], RecordRow], key: tuple[str, ...], **readers: Callable[[str], Any]
) -> Columns[RecordRow]:
    return Columns({**readers, **_WITHDRAWN}, build, key=key, optional=("withdrawn",))


PLACES: Final[Mapping[PlaceFact, Columns[RecordRow]]] = {
    PlaceFact.DESIGNATION: _columns(
        _designation, ("code", "designation", "from"),
        code=read.institution_code, designation=read.choice(Designation), **_DAYS, contract=_text,
    ),
    PlaceFact.SUSPENSION: _columns(
        _stopped(PlaceFact.SUSPENSION), ("code", "from"),
        code=read.institution_code, **_DAYS, cause=read.name,
    ),
    PlaceFact.EXIT: _columns(
        _stopped(PlaceFact.EXIT), ("code", "from"), code=read.institution_code, **_DAYS, cause=read.name
    ),
    PlaceFact.CARD: _columns(_card, ("code", "from"), code=read.institution_code, **_DAYS),
    PlaceFact.DISTRICT: _columns(
        _district, ("code", "from"), code=read.institution_code, district=read.region, **_DAYS
    ),
}
"""Of institutions, by kind."""

STAFF: Final[Columns[tuple[RecordRow, RecordRow | None]]] = Columns(
    {
        "code": staff_code,
        "role": read.choice(StaffRole),
        "licence_no": _licence,
        "institutions": _listed(_anywhere),
        **_DAYS,
        "filed_from": read.optional(read.day),
        "filed_to": read.optional(read.day),
        **_WITHDRAWN,
    },
    _post,
    key=("code", "role", "from"),
    optional=("filed_from", "filed_to", "withdrawn"),
)
"""Of those who prescribe and review."""

STAFF_RECORDS: Final[Mapping[StaffFact, Columns[RecordRow]]] = {
    StaffFact.SUSPENSION: _columns(
        _staff_stopped, ("code", "from"),
        code=staff_code, **_DAYS, cause=read.name, author=read.name, cancelled=_one_of(_YES),
    ),
    StaffFact.POINTS: _columns(
        _points, ("code", "number"),
        code=staff_code, number=read.name, decided_on=read.day, points=points, reason=read.name,
        author=read.name,
    ),
}
"""What is decided about them, by kind."""

FILINGS: Final[Mapping[FilingFact, Columns[RecordRow]]] = {
    FilingFact.CHRONIC: _columns(
        _chronic, ("member_no", "condition", "from"),
        member_no=read.member_number, condition=read.word, **_DAYS, institutions=_listed(_anywhere),
        drugs=_listed(read.item_code), filed_by=_anywhere,
    ),
    FilingFact.REVIEW: _columns(
        _review, ("member_no", "condition", "reviewed_on"),
        member_no=read.member_number, condition=read.word, reviewed_on=read.day, result=_one_of(_PASSED),
        institution=_anywhere,
    ),
    FilingFact.AWAY: _columns(
        _away, ("member_no", "kind", "from"),
        member_no=read.member_number, kind=read.choice(Away), **_DAYS, regions=_listed(read.region),
        institutions=_listed(_anywhere), issued_by=_anywhere,
    ),
    FilingFact.LATE_CLAIM: _columns(
        _late_claim, ("member_no", "from"),
        member_no=read.member_number, **_DAYS, cause=read.name, author=read.name,
    ),
}
"""Of members, by kind."""
