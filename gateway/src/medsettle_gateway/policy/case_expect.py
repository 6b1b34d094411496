"""Reads what a case file expects."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.money import parse_fen
from medsettle_gateway.policy.case_amounts import (
    OF_A_STAY,
    OF_A_YEAR,
    ByMeasure,
    read_amounts,
    read_by_measure,
)
from medsettle_gateway.policy.case_people import read_owner_and
from medsettle_gateway.policy.reading import Reader, child, given

SUMS: Final = (
    "total",
    "provider_borne",
    "fully_self_paid",
    "over_limit",
    "self_pay_first",
    "in_scope",
    "deductible",
    "over_cap",
    "personal",
    "cash",
)
"""Keys of ``expect`` that are one amount each."""

_REASONS: Final = tuple(Reason)
REFUSALS: Final = _REASONS[_REASONS.index(Reason.POLICY_FLOOR) : _REASONS.index(Reason.PARAMETER_ASSUMED) + 1]
"""The reasons that a pack can give, in the order in which they are checked."""

_OF_A_SETTLEMENT: Final = (*SUMS, "funds", "afterwards", "accounts")
_SILENT: Final = ("after", "after_stay")
"""Keys that say nothing where they name no id."""


@dataclass(frozen=True, slots=True)
class ExpectSums:
    """What is expected of a settlement, or of all of a sale together; only what is given is compared."""

    sums: Mapping[str, int]
    funds: Mapping[str, int] | None = None
    afterwards: Mapping[str, int] | None = None
    accounts: tuple[tuple[Owner, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    """What a case expects; only what is given is compared, ``refused`` always.

    ``settlements`` are the benefits in the order in which they are settled, each with what is
    expected of it. ``nothing``: no key says anything, so there is nothing that the case could be
    wrong about.
    """

    refused: Reason | None
    whole: ExpectSums
    after: ByMeasure
    after_stay: ByMeasure
    raised: tuple[str, ...] | None = None
    settlements: tuple[tuple[str, ExpectSums], ...] | None = None
    nothing: bool = False


def read_expect(reader: Reader, value: object) -> Expect:
    """Read ``expect``. ``refused: null`` says something: that the case is not refused."""
    known = (*_OF_A_SETTLEMENT, *_SILENT, "raised", "settlements", "refused")
    written = reader.mapping({} if value is None else value, "expect", known)
    data = given(written)
    after = read_by_measure(reader, data.get("after"), "expect.after", OF_A_YEAR)
    after_stay = read_by_measure(reader, data.get("after_stay"), "expect.after_stay", OF_A_STAY)
    return Expect(
        refused=_refused(reader, data.get("refused")),
        whole=_sums(reader, data, "expect"),
        after=after,
        after_stay=after_stay,
        raised=_raised(reader, data.get("raised")),
        settlements=_settlements(reader, data.get("settlements")),
        nothing=not (set(data) - set(_SILENT) or after or after_stay or "refused" in written),
    )


def _sums(reader: Reader, data: Mapping[str, object], path: str) -> ExpectSums:
    sums = {key: reader.number(data[key], child(path, key), parse_fen) for key in SUMS if key in data}
    maps = {
        key: read_amounts(reader, data[key], child(path, key)) if key in data else None
        for key in ("funds", "afterwards")
    }
    listed = None
    if data.get("accounts") is not None:
        entries = reader.items(data["accounts"], child(path, "accounts"))
        listed = tuple(read_owner_and(reader, entry, at, "amount") for at, entry in entries)
    return ExpectSums(sums, maps["funds"], maps["afterwards"], listed)


def _settlements(reader: Reader, value: object) -> tuple[tuple[str, ExpectSums], ...] | None:
    if value is None:
        return None
    found = []
    for path, entry in reader.items(value, "expect.settlements"):
        data = given(reader.mapping(entry, path, ("benefit", *_OF_A_SETTLEMENT), ("benefit",)))
        benefit = reader.id(data["benefit"], child(path, "benefit")) if "benefit" in data else ""
        found.append((benefit, _sums(reader, data, path)))
    return tuple(found)


def _raised(reader: Reader, value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(reader.id(entry, path) for path, entry in reader.items(value, "expect.raised"))


def _refused(reader: Reader, value: object) -> Reason | None:
    if value is None:
        return None
    for reason in REFUSALS:
        if reason.value == value:
            return reason
    near = difflib.get_close_matches(str(value), [reason.value for reason in REFUSALS], 1)
    hint = f"; did you mean {near[0]}?" if near else ", like NO_RULE"
    reader.fault("expect.refused", f"{value!r} is no reason that a pack can give{hint}")
    return None
