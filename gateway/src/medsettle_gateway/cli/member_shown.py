"""``member show``: what holds of a member on a day, as a settlement would find it. Names stay masked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import click

from medsettle.wire.called import OWNER_NAMES, condition_name, named
from medsettle.wire.reasons import REASONS, Reason
from medsettle_gateway.cli.frame import Gateway, field, now
from medsettle_gateway.cli.policy_words import value_word
from medsettle_gateway.domain.accounts import AsOf, family_key, is_family_counter, payers_on
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import (
    AccountFacts,
    AccountState,
    CounterState,
    DispensedFacts,
    MemberFacts,
)
from medsettle_gateway.domain.filings import Away, Filing
from medsettle_gateway.domain.keys import CountersKey, DispensedKey, Facts, MemberKey
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.eligibility.aid import as_entitled
from medsettle_gateway.eligibility.filings import filings_at
from medsettle_gateway.eligibility.person import refusal_of
from medsettle_gateway.policy.facts import age_on
from medsettle_gateway.service.filing import with_filings
from medsettle_gateway.service.person import person_keys, person_on
from medsettle_gateway.service.rulebook import Rulebook
from medsettle_gateway.storage.connection import snapshot
from medsettle_gateway.storage.facts import load

WINDOW_DAYS: Final = 90
"""Drugs of so many days, the day itself included, are shown."""

DRUGS_MOST: Final = 200

_STATES: Final = {AccountState.ACTIVE: ("正常", "active"), AccountState.FROZEN: ("冻结", "frozen")}
_MEASURES: Final = {
    "deductible": ("已计入起付标准", "toward the deductible"),
    "paid": ("已支付", "paid"),
    "borne": ("个人负担累计", "borne by the patient"),
    "banded": ("已计入分段", "counted in bands"),
}
_AWAY: Final = {
    Away.REFERRAL: "转诊 / referral",
    Away.LONG_TERM: "异地长期居住 / long_term",
    Away.TEMPORARY: "临时外出 / temporary",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A member as of a day: who it was then, the counters of the year, and the drugs of the days before.

    ``refusal`` is why the person may have no benefit on the day, whatever the place; None: nothing stands
    against it.
    """

    member: MemberFacts
    on: date
    counters: Mapping[CounterKey, CounterState]
    drugs: tuple[DispensedFacts, ...]
    refusal: Refusal | None
    filings: tuple[Filing, ...]


def member_on(
    gateway: Gateway, number: str, on: date, known_at: datetime | None = None
) -> Shown | None:
    """Returns the member with this number, or reference, as of a day; None where nobody has it.

    ``known_at``: by what was known of the person at that instant; None: now.
    """
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy

    book, today = Rulebook(load_packs(gateway.config)), day_of(now())
    with gateway.reading() as connection, snapshot(connection):
        reference = gateway.people(connection, "member show").member_of(number) or number
        key = MemberKey(reference)
        facts = load(connection, gateway.sealer, [key, *person_keys(reference)])
        registered = facts.of(key)
        if registered is None:
            return None
        member = person_on(facts, registered, on, known_at)
        rules = book.persons(member.region, member.scheme.value, on, today)
        member = as_entitled(member, on, rules)
        refusal = refusal_of(member, on, rules, today) or _ended(member, on)
        counted = CountersKey(member.member, member.region, member.scheme.value, (str(on.year),))
        since = on - timedelta(days=WINDOW_DAYS - 1)
        dispensed = DispensedKey(member.member, since, on, DRUGS_MOST)
        family = family_key(member.member, on.year)
        facts = facts.joined(load(connection, gateway.sealer, [counted, family, dispensed]))
        own, of_family = facts.of(counted), facts.of(family)
        counters = {**own, **of_family}
        member = _with_payers(member, facts, counters, AsOf(on, on.year, known_at))
        review = book.work(member.region, member.scheme.value, on, today).review
        filings = filings_at(with_filings(facts, member, known_at).filed, None, on, review)
        return Shown(member, on, counters, facts.of(dispensed), refusal, filings)


def _with_payers(
    member: MemberFacts, facts: Facts, counters: Mapping[CounterKey, CounterState], as_of: AsOf
) -> MemberFacts:
    """With the accounts whose bindings hold on the day, and what is left of their limits in its year."""
    (key,) = person_keys(member.member)
    records: tuple[DatedRecord, ...] = facts.of(key)
    used = {each: state.used + state.held for each, state in counters.items()}
    return payers_on(member, records, used, as_of).member


def _ended(member: MemberFacts, on: date) -> Refusal | None:
    """The engine says it of sales, which may bill a stay that began before."""
    if member.covered_to is None or on <= member.covered_to:
        return None
    return Refusal(Reason.NOT_COVERED, {"covered_to": member.covered_to.isoformat()})


def shown_page(shown: Shown) -> Iterator[str]:
    """The member as text in both languages."""
    member, on = shown.member, shown.on
    yield click.style(f"{member.masked_name}  {on}", bold=True)
    yield field("内部编号", "reference", member.member)
    yield field("统筹区", "region", member.region)
    for zh, fact, value in (
        ("险种", "scheme", member.scheme.value),
        ("人员类别", "standing", member.standing.value),
        ("参保方式", "enrolment", member.enrolment.value),
        ("救助身份", "aid", member.aid.value),
    ):
        yield field(zh, fact, f"{value_word(fact, value)} / {value}")
    yield field("参保期间", "covered", f"{member.covered_from} – {member.covered_to or '至今 / no end'}")
    yield from _may_have(shown.refusal)
    age = "未登记 / not known" if member.born_on is None else str(age_on(member.born_on, on))
    yield field("周岁", "age", age)
    conditions = (" / ".join(condition_name(each)) for each in member.conditions)
    yield from _listed("备案病种 / filed conditions", conditions)
    yield from _listed("备案 / filings", _filings(shown.filings))
    own = (f"{name}: {value}" for name, value in member.attributes_on(on))
    yield from _listed("本地属性 / the region's own facts", own)
    yield from _listed("可用账户 / accounts that may pay", _accounts(member))
    yield from _listed(f"{on.year}年累计 / counted in {on.year}", _counters(shown))
    yield from _listed(f"近{WINDOW_DAYS}天配药 / drugs of {WINDOW_DAYS} days", _drugs(shown))


def _may_have(refusal: Refusal | None) -> Iterator[str]:
    """Whether the person may have benefits at all; what a place and a basket add is not looked at."""
    if refusal is None:
        yield field("待遇", "benefits", "可以享受 / may be had")
        return
    yield field("待遇", "benefits", f"不能享受 / may not be had: {refusal.reason.value}")
    yield from (f"    {sentence}" for sentence in _sentences(refusal))
    yield from (f"    {name}: {value}" for name, value in refusal.detail.items())


def _sentences(refusal: Refusal) -> tuple[str, str]:
    text = REASONS[refusal.reason]
    return text.zh, text.en


def _listed(heading: str, lines: Iterator[str]) -> Iterator[str]:
    found = tuple(lines)
    yield f"  {heading}:" if found else f"  {heading}: 无 / none"
    yield from (f"    {line}" for line in found)


def _filings(filings: tuple[Filing, ...]) -> Iterator[str]:
    for each in filings:
        what = " / ".join(condition_name(each.condition)) if each.condition else _AWAY[Away(each.kind)]
        places = ", ".join((*each.institutions, *each.regions)) or "不限机构 / any place"
        held = "有效 / in force" if each.refusal is None else " / ".join(_sentences(each.refusal))
        due = "" if each.review_due_on is None else f"  下次年审截止 / next review due {each.review_due_on}"
        yield f"{what}  {each.valid_from} – {each.valid_to or '至今 / no end'}  {places}  {held}{due}"


def _accounts(member: MemberFacts) -> Iterator[str]:
    for each in member.accounts:
        zh, en = named(OWNER_NAMES, each.owner.value)
        state = " / ".join(_STATES[each.state])
        held = f",另冻结待结 {format_fen(each.held_fen)} / held on top" if each.held_fen else ""
        terms = "".join(_terms(each))
        yield f"{zh} / {en} ({each.masked_name}): {format_fen(each.balance_fen)}{held} ({state}){terms}"


def _terms(account: AccountFacts) -> Iterator[str]:
    """What the owner of a relative's account agreed to."""
    if account.limit_left_fen is not None:
        yield f",本年还可用 {format_fen(account.limit_left_fen)} / left this year"
    if account.standing_consent:
        yield ",长期同意 / standing consent"
    elif account.owner is not Owner.SELF:
        yield ",每次须同意 / consent each time"


def _counters(shown: Shown) -> Iterator[str]:
    for key, state in sorted(shown.counters.items()):
        zh, en = _MEASURES[key.measure]
        held = f" (+{format_fen(state.held)} 待结 / held)" if state.held else ""
        counter = "家庭共济 / family account" if is_family_counter(key) else key.counter
        yield f"{counter}: {zh} / {en} {format_fen(state.used)}{held}"


def _drugs(shown: Shown) -> Iterator[str]:
    for each in shown.drugs:
        drug = each.drug
        days = "天数未报 / days not stated" if drug.days_supply is None else f"{drug.days_supply}天 / days"
        condition = " / ".join(condition_name(drug.condition)) if drug.condition else "-"
        yield f"{drug.on}  {drug.name}  {days}  {condition}  {each.request_id}"


def shown_as_plain(shown: Shown) -> dict[str, Any]:
    """The member as JSON data: amounts in fen."""
    member = shown.member
    return {
        "member": member.member,
        "masked_name": member.masked_name,
        "on": shown.on,
        "region": member.region,
        "scheme": member.scheme.value,
        "standing": member.standing.value,
        "enrolment": member.enrolment.value,
        "aid": member.aid.value,
        "covered_from": member.covered_from,
        "covered_to": member.covered_to,
        "refusal": None if shown.refusal is None else shown.refusal.reason.value,
        "refusal_detail": None if shown.refusal is None else dict(shown.refusal.detail),
        "age": None if member.born_on is None else age_on(member.born_on, shown.on),
        "conditions": list(member.conditions),
        "filings": [
            {
                "kind": each.kind,
                "condition": each.condition,
                "valid_from": each.valid_from,
                "valid_to": each.valid_to,
                "institutions": list(each.institutions),
                "regions": list(each.regions),
                "drugs": list(each.drugs),
                "refusal": None if each.refusal is None else each.refusal.reason.value,
                "review_due_on": each.review_due_on,
            }
            for each in shown.filings
        ],
        "attributes": dict(member.attributes_on(shown.on)),
        "accounts": [
            {
                "owner": each.owner.value,
                "masked_name": each.masked_name,
                "state": each.state.value,
                "balance_fen": each.balance_fen,
                "held_fen": each.held_fen,
                "limit_left_fen": each.limit_left_fen,
                "standing_consent": each.standing_consent,
            }
            for each in member.accounts
        ],
        "counters": [
            {"counter": key.counter, "measure": key.measure, "used": state.used, "held": state.held}
            for key, state in sorted(shown.counters.items())
        ],
        "drugs": [
            {
                "name": each.drug.name,
                "on": each.drug.on,
                "days_supply": each.drug.days_supply,
                "condition": each.drug.condition,
                "request_id": each.request_id,
            }
            for each in shown.drugs
        ],
    }
