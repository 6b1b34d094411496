"""Reads what a case file expects."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.counters import Measure
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.money import parse_fen
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
REFUSALS: Final = _REASONS[_REASONS.index(Reason.POLICY_FLOOR) : _REASONS.index(Reason.NO_RULE) + 1]
"""The reasons that a pack can give, in the order in which they are checked."""

_MEASURES: Final[tuple[Measure, ...]] = ("deductible", "paid")


@dataclass(frozen=True, slots=True)
class Expect:
    """What a case expects; only what is given is compared, ``refused`` always.

    ``nothing``: no key says anything, so there is nothing that the case could be wrong about.
    """

    refused: Reason | None
    sums: Mapping[str, int]
    funds: Mapping[str, int] | None
    afterwards: Mapping[str, int] | None
    accounts: tuple[tuple[Owner, int], ...] | None
    after: Mapping[tuple[Measure, str], int]
    nothing: bool = False


def read_expect(reader: Reader, value: object) -> Expect:
    """Read ``expect``. ``refused: null`` says something: that the case is not refused."""
    known = (*SUMS, "funds", "afterwards", "accounts", "after", "refused")
    written = reader.mapping({} if value is None else value, "expect", known)
    data = given(written)
    accounts = data.get("accounts")
    sums = {key: reader.number(data[key], child("expect", key), parse_fen) for key in SUMS if key in data}
    maps = {
        key: _amounts(reader, data[key], child("expect", key)) if key in data else None
        for key in ("funds", "afterwards")
    }
    listed = None
    if accounts is not None:
        entries = reader.items(accounts, "expect.accounts")
        listed = tuple(read_owner_and(reader, entry, path, "amount") for path, entry in entries)
    after = read_by_measure(reader, data.get("after"), "expect.after")
    return Expect(
        refused=_refused(reader, data.get("refused")),
        sums=sums,
        funds=maps["funds"],
        afterwards=maps["afterwards"],
        accounts=listed,
        after=after,
        nothing=not (set(data) - {"after"} or after or "refused" in written),
    )


def read_by_measure(reader: Reader, value: object, path: str) -> dict[tuple[Measure, str], int]:
    """Amounts in fen by measure and id, of ``year_to_date`` and ``after``."""
    data = reader.mapping({} if value is None else value, path, _MEASURES)
    return {
        (measure, id_): amount_fen
        for measure in _MEASURES
        for id_, amount_fen in _amounts(reader, data.get(measure), child(path, measure)).items()
    }


def read_owner_and(reader: Reader, value: object, path: str, key: str) -> tuple[Owner, int]:
    """An owner and the amount in fen under ``key``, of ``accounts``."""
    data = reader.mapping(value, path, ("owner", key), ("owner", key))
    owner = reader.choice(data.get("owner", "self"), child(path, "owner"), Owner)
    return owner, reader.number(data.get(key, "0.00"), child(path, key), parse_fen)


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


def _amounts(reader: Reader, value: object, path: str) -> dict[str, int]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        reader.fault(path, "expected a mapping of ids to amounts")
        return {}
    return {
        str(id_): reader.number(amount, child(path, str(id_)), parse_fen) for id_, amount in value.items()
    }
