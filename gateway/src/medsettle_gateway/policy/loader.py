"""Plain data -> a frozen Pack, or every mistake at once with its path and line."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from medsettle_gateway.policy.benefit import Title
from medsettle_gateway.policy.load_accounts import check_switches, read_accounts
from medsettle_gateway.policy.load_benefits import read_benefits, read_title
from medsettle_gateway.policy.load_eligibility import read_eligibility, read_notices
from medsettle_gateway.policy.load_facts import read_vocabulary
from medsettle_gateway.policy.load_layers import read_layers
from medsettle_gateway.policy.load_lines import read_lines
from medsettle_gateway.policy.load_persons import read_persons
from medsettle_gateway.policy.load_prescription import read_prescription
from medsettle_gateway.policy.load_supervision import read_supervision
from medsettle_gateway.policy.load_together import check_together
from medsettle_gateway.policy.load_traceability import read_traceability
from medsettle_gateway.policy.load_work import read_work
from medsettle_gateway.policy.pack import Pack, Status
from medsettle_gateway.policy.plan import Rules
from medsettle_gateway.policy.reading import LOCAL_FIGURE, LineNumbers, Reader

_REGION: Final = re.compile(r"[0-9]{6}")
_PACK_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_REQUIRED: Final = (
    "pack", "region", "title", "authority", "effective", "status", "benefits",
)  # fmt: skip
_KNOWN: Final = (
    *_REQUIRED, "source", "known_from", "supersedes", "rounding", "facts", "accumulators", "lines", "layers",
    "accounts", "eligibility", "warnings", "supervision",
)  # fmt: skip
_DIGEST: Final = re.compile(r"[0-9a-f]{12,64}")


@dataclass(frozen=True, slots=True)
class PackSource:
    """A pack as plain data: its name (a file), the data, and the line of each path."""

    name: str
    data: Mapping[str, object]
    lines: LineNumbers = field(default_factory=dict)


def load_pack(
    source: PackSource, clause_free: tuple[str, ...] = (), local_clause: str = LOCAL_FIGURE
) -> Pack:
    """Compile a pack.

    ``clause_free`` are paths whose rows need no clause, because a case or a region brought them;
    ``local_clause`` stands in its place. Raises Invalid with every mistake: unknown keys, values out
    of their range, rows without a clause, names that nothing answers to.
    """
    reader = Reader(source.name, source.lines, clause_free, local_clause)
    data = reader.section(source.data, "", _KNOWN, _REQUIRED)
    pack_id = read_pack_id(reader, data, "pack")
    rules = _rules(reader, data, pack_id)
    starts, ends = read_effective(reader, data.get("effective", {}))
    known_from = reader.day(data["known_from"], "known_from") if "known_from" in data else starts
    digits = '12 or more of the digits of a digest, in quotes, like "3f1c9a2b7d4e"'
    if data.get("rounding", "half_up") != "half_up":
        reader.fault("rounding", "only half_up is known")
    pack = Pack(
        id=pack_id,
        region=_matching(reader, data, "region", _REGION, 'six digits in quotes, like "210300"'),
        title=read_title(reader, data["title"], "title") if "title" in data else Title("", ""),
        authority=reader.text(data["authority"], "authority") if "authority" in data else "",
        source=reader.text(data.get("source", ""), "source", empty=True),
        effective_from=starts,
        effective_to=ends,
        status=reader.choice(data["status"], "status", Status) if "status" in data else Status.IN_FORCE,
        rules=rules,
        digest=digest_of(source.data),
        known_from=known_from,
        supersedes=_matching(reader, data, "supersedes", _DIGEST, digits) or None,
    )
    reader.finish()
    return pack


def _rules(reader: Reader, data: Mapping[str, object], pack_id: str) -> Rules:
    vocabulary = read_vocabulary(reader, data.get("facts"), data.get("accumulators"))
    eligibility, filing = read_eligibility(reader, data.get("eligibility"), vocabulary)
    benefits = read_benefits(reader, data.get("benefits", {}), filing, vocabulary)
    switches = [switch for benefit in benefits for switch in benefit.switches]
    accounts = read_accounts(reader, data.get("accounts"), switches, vocabulary)
    check_switches(reader, benefits, accounts)
    layers = read_layers(reader, data.get("layers"), benefits, vocabulary)
    check_together(reader, benefits, layers)
    return Rules(
        pack=pack_id,
        lines=read_lines(reader, data.get("lines"), vocabulary),
        benefits=benefits,
        accounts=accounts,
        eligibility=eligibility,
        layers=layers,
        work=read_work(reader, data.get("eligibility"), benefits, filing),
        persons=read_persons(reader, data.get("eligibility")),
        review=read_prescription(reader, data.get("eligibility")),
        tracing=read_traceability(reader, data.get("eligibility")),
        notices=read_notices(reader, data.get("warnings"), vocabulary),
        watches=read_supervision(reader, data.get("supervision")),
        declared=vocabulary.declared,
        accumulators=vocabulary.accumulators,
    )


def digest_of(data: object) -> str:
    """SHA-256 (hex) over the canonical JSON of plain data: sorted keys, no spaces, UTF-8."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_pack_id(reader: Reader, data: Mapping[str, object], key: str) -> str:
    """The id of a pack or an overlay: lower-case letters, digits and hyphens."""
    return _matching(reader, data, key, _PACK_ID, "an id like anshan-employee-outpatient")


def _matching(
    reader: Reader, data: Mapping[str, object], key: str, form: re.Pattern[str], wanted: str
) -> str:
    value = data.get(key)
    if isinstance(value, str) and form.fullmatch(value):
        return value
    if key in data:
        reader.fault(key, f"expected {wanted}, got {value!r}")
    return ""


def read_effective(reader: Reader, value: object) -> tuple[date, date | None]:
    """The first day of ``effective``, and the first day after it, None while it is in force."""
    data = reader.mapping(value, "effective", ("from", "to"), ("from",))
    starts = reader.day(data["from"], "effective.from") if "from" in data else date.min
    if data.get("to") is None:
        return starts, None
    ends = reader.day(data["to"], "effective.to")
    if ends <= starts:
        reader.fault("effective.to", "`to` is exclusive and must be later than `from`")
    return starts, ends
