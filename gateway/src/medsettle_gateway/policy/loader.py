"""Plain data -> a frozen Pack, or every mistake at once with its path and line."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from medsettle_gateway.policy.load_sections import (
    check_switches,
    read_accounts,
    read_benefits,
    read_eligibility,
    read_lines,
    read_title,
)
from medsettle_gateway.policy.pack import Pack, Status
from medsettle_gateway.policy.plan import Rules
from medsettle_gateway.policy.reading import LineNumbers, Reader

_REGION: Final = re.compile(r"[0-9]{6}")
_PACK_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_REQUIRED: Final = (
    "pack", "region", "title", "authority", "effective", "status", "benefits",
)  # fmt: skip
_KNOWN: Final = (*_REQUIRED, "source", "rounding", "lines", "accounts", "eligibility")
_LATER: Final = {
    "layers": "layers of other funds",
    "warnings": "warnings",
    "facts": "facts that a pack declares itself",
    "known_from": "a pack known from a day on",
    "supersedes": "corrections of a pack that was used",
}


@dataclass(frozen=True, slots=True)
class PackSource:
    """A pack as plain data: its name (a file), the data, and the line of each path."""

    name: str
    data: Mapping[str, object]
    lines: LineNumbers = field(default_factory=dict)


def load_pack(source: PackSource, clause_free: tuple[str, ...] = ()) -> Pack:
    """Compile a pack.

    ``clause_free`` are paths whose rows need no clause, because a case brought them. Raises
    Invalid with every mistake: unknown keys, values out of their range, rows without a
    clause, and keys of the format that this release does not compute ("not supported yet").
    """
    reader = Reader(source.name, source.lines, clause_free)
    data = reader.mapping(source.data, "", _KNOWN, _REQUIRED, _LATER)
    eligibility, filing = read_eligibility(reader, data.get("eligibility"))
    benefits = read_benefits(reader, data.get("benefits", {}), filing)
    switches = [switch for benefit in benefits for switch in benefit.switches]
    accounts = read_accounts(reader, data.get("accounts"), switches)
    check_switches(reader, benefits, accounts)
    lines = read_lines(reader, data.get("lines"))
    pack_id = _matching(reader, data, "pack", _PACK_ID, "an id like anshan-employee-outpatient")
    starts, ends = _effective(reader, data.get("effective", {}))
    if data.get("rounding", "half_up") != "half_up":
        reader.fault("rounding", "only half_up is known")
    pack = Pack(
        id=pack_id,
        region=_matching(reader, data, "region", _REGION, 'six digits in quotes, like "210300"'),
        title=read_title(reader, data.get("title", {}), "title"),
        authority=reader.text(data.get("authority", ""), "authority"),
        source=reader.text(data.get("source", ""), "source", empty=True),
        effective_from=starts,
        effective_to=ends,
        status=reader.choice(data.get("status"), "status", Status),
        rules=Rules(pack_id, lines, benefits, accounts, eligibility),
        digest=digest_of(source.data),
    )
    reader.finish()
    return pack


def digest_of(data: object) -> str:
    """SHA-256 (hex) over the canonical JSON of plain data: sorted keys, no spaces, UTF-8."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _matching(
    reader: Reader, data: Mapping[str, object], key: str, form: re.Pattern[str], wanted: str
) -> str:
    value = data.get(key)
    if isinstance(value, str) and form.fullmatch(value):
        return value
    if key in data:
        reader.fault(key, f"expected {wanted}, got {value!r}")
    return ""


def _effective(reader: Reader, value: object) -> tuple[date, date | None]:
    data = reader.mapping(value, "effective", ("from", "to"), ("from",))
    starts = reader.day(data["from"], "effective.from") if "from" in data else date.min
    if data.get("to") is None:
        return starts, None
    ends = reader.day(data["to"], "effective.to")
    if ends <= starts:
        reader.fault("effective.to", "`to` is exclusive and must be later than `from`")
    return starts, ends
