"""Between the questions of the service and the cases of the engine: what goes in, what comes out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import Final, NamedTuple

from msgspec import structs

from medsettle_gateway.domain.accounts import family_counter
from medsettle_gateway.domain.asked import AskedLine, Basket
from medsettle_gateway.domain.basket import CatalogueClass, Encounter, Line, LineKind, Prescription
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import AccountFacts, InstitutionFacts, MemberFacts
from medsettle_gateway.domain.filings import Area
from medsettle_gateway.domain.goods import NO_TERMS
from medsettle_gateway.domain.member import Account, Owner, Patient
from medsettle_gateway.domain.person_rules import PersonRules
from medsettle_gateway.domain.place import InstitutionKind
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import (
    AccountBooking,
    CounterDelta,
    Effect,
    LineRecord,
    SettlementRecord,
    TraceStep,
    WarningRecord,
)
from medsettle_gateway.domain.split import Split
from medsettle_gateway.eligibility.filings import is_approved
from medsettle_gateway.eligibility.person import refusal_of
from medsettle_gateway.policy.assigning import ASSIGNED, Settled
from medsettle_gateway.policy.benefit import Title
from medsettle_gateway.policy.counter_titles import titled
from medsettle_gateway.policy.counting import lifted_caps
from medsettle_gateway.policy.engine import ENGINE_VERSION, CaseInput
from medsettle_gateway.policy.notices import Raised
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.stored import case_to_json
from medsettle_gateway.policy.trace import PlainStep, inputs_of
from medsettle_gateway.service.authority import Decided, Question
from medsettle_gateway.service.goods import days_before, restricted

_new: Final = tuple.__new__
"""Makes a named tuple of many in half the time: the fields by position, in their order."""
_TEXTS: Final[Mapping[LineKind | CatalogueClass, str]] = {
    each: each.value for each in (*LineKind, *CatalogueClass)
}
"""What an enum says of its value it looks up anew each time."""
_ACCOUNT_ONLY: Final = Title("仅用个人账户", "personal account only")
_LOCAL: Final = Area.LOCAL.value
_NO_STAY: Final = Encounter(ASSIGNED, area=_LOCAL)


class Person(NamedTuple):
    """What the region's rules about persons decide by: ``today`` is the gateway's day."""

    rules: PersonRules
    today: date
    accounts_only: bool = False


def uncovered(member: MemberFacts, on: date, person: Person) -> Refusal | None:
    """Returns why the person has no cover on the day, as far as the pack does not say.

    Of a stay the day is that of admission.
    """
    return refusal_of(member, on, person.rules, person.today, accounts_only=person.accounts_only)


def patient(member: MemberFacts, on: date) -> Patient:
    """Returns what the engine knows of a member, as it is on the day of service."""
    return Patient(
        scheme=member.scheme,
        standing=member.standing,
        enrolment=member.enrolment,
        aid=member.aid,
        conditions=member.conditions,
        covered_to=member.covered_to,
        born_on=member.born_on,
        attributes=member.attributes_on(on),
    )


def encounter(question: Question) -> Encounter:
    """Returns the occasion; lines are shared out where no benefit is asked for."""
    basket = question.basket
    return structs.replace(
        stay(question.institution.code, basket),
        benefit=basket.benefit or ASSIGNED,
        prescription=prescription(question),
        circulated=question.prescribed is not None and question.prescribed.circulated,
        sessions=basket.sessions,
        emergency=basket.emergency,
        area=question.area.value,
    )


def stay(institution: str, basket: Basket | None) -> Encounter:
    """Returns an encounter of which only the stay is known, if it is one."""
    if basket is None or basket.admitted_on is None:
        return _NO_STAY
    return Encounter(
        ASSIGNED,
        admitted=basket.admitted_on,
        discharged=basket.discharged_on,
        area=_LOCAL,
        stay_id=basket.stay_at(institution),
    )


def implied(institution: InstitutionFacts) -> Prescription:
    """Returns the prescription that a place implies: a clinic's own, at a pharmacy none."""
    return Prescription.NONE if institution.kind is InstitutionKind.PHARMACY else Prescription.OWN


def prescription(question: Question) -> Prescription:
    """Returns whose prescription the basket rests on; an external one outweighs the own."""
    kinds = [prescription.kind for prescription in question.basket.prescriptions]
    if Prescription.EXTERNAL in kinds:
        return Prescription.EXTERNAL
    return kinds[0] if kinds else implied(question.institution)


def apart(question: Question, whole: Encounter) -> list[tuple[Encounter, tuple[int, ...]]]:
    """Returns the occasions of the basket's lines with the lines of each, circulated prescriptions first.

    A line rests on the prescription that orders it, and on no other one of the basket, where any of them came
    through circulation; else all rest on what the basket brings.
    """
    prescribed = question.prescribed
    if prescribed is None or not prescribed.circulated:
        return [(whole, tuple(range(len(question.basket.lines))))]
    lines: dict[tuple[Prescription, bool], list[int]] = {}
    for index, (kind, circulated) in enumerate(prescribed.under):
        ordered_by = implied(question.institution) if kind is Prescription.NONE else kind
        lines.setdefault((ordered_by, circulated), []).append(index)
    first = sorted(lines, key=lambda under: not under[1])
    return [
        (structs.replace(whole, prescription=kind, circulated=circulated), tuple(lines[kind, circulated]))
        for kind, circulated in first
    ]


def case(question: Question) -> CaseInput:
    """Returns the engine's input for the whole basket, with all counters of the member's that may be read."""
    return CaseInput(
        service_on=question.service_on,
        patient=patient(question.member, question.service_on),
        institution=question.institution.place,
        encounter=encounter(question),
        lines=tuple(_lines(question)),
        counters=question.counters,
        accounts=tuple(
            Account(each.account, each.owner, each.balance_fen, each.limit_left_fen)
            for each in question.payers
        ),
        dispensed=question.dispensed,
        orders=question.orders,
    )


def _lines(question: Question) -> list[Line]:
    filings = question.filings
    return [
        Line(
            name=item.name,
            kind=item.kind,
            catalogue_class=item.catalogue_class,
            amount_fen=asked.amount_fen,
            unit_price_micro=asked.unit_price_micro,
            quantity_e4=asked.quantity_e4,
            ceiling_micro=item.ceiling_micro,
            self_pay_share_ppm=item.self_pay_share_ppm,
            condition=asked.condition,
            approved=not filings or is_approved(item.code, asked.condition, filings),
            ward=item.ward,
            service_on=asked.service_on,
            class_by_list=item.classes,
            days_supply=asked.days_supply,
            benefit=asked.benefit,
            dual_channel=item.terms.dual_channel,
            restricted=None if item.terms is NO_TERMS else restricted(
                item, asked, question.member, question.institution, asked.service_on or question.service_on,
                before,
            ),
        )
        for asked, item, before in zip(
            question.basket.lines, question.items, days_before(question.basket), strict=True
        )
    ]


def as_of_now(account: Account, payers: Mapping[str, AccountFacts]) -> Account:
    """Returns a payer with today's balance and limit; one that may not pay any more has none."""
    facts = payers.get(account.account)
    if facts is None:
        return replace(account, balance_fen=0)
    return replace(account, balance_fen=facts.balance_fen, limit_left_fen=facts.limit_left_fen)


def settlement(
    number: int,
    settled: Settled,
    lines: tuple[LineRecord, ...],
    catalogue_digest: str,
    there: Pack | None = None,
) -> SettlementRecord:
    """Returns the record of a calculation; ``there`` is the pack of the place whose line rules held, if any.

    Raises AssertionError unless its breakdown adds up.
    """
    (pack, benefit, *_), case, calculation, _ = settled
    calculation.breakdown.check()
    title = next((each.title for each in pack.benefits if each.id == benefit), _ACCOUNT_ONLY)
    return SettlementRecord(
        number=number,
        benefit=benefit,
        title_zh=title.zh,
        title_en=title.en,
        breakdown=calculation.breakdown,
        lines=lines,
        trace=_trace(calculation.steps),
        remainders=titled(pack, calculation.remainders),
        pack=pack.id,
        pack_digest=pack.digest,
        catalogue_digest=catalogue_digest,
        engine_version=ENGINE_VERSION,
        input_json=case_to_json(case),
        order="+".join(order.id for order in case.orders_held()),
        raised=tuple(map(_warning, calculation.raised)),
        lines_pack="" if there is None else there.id,
        lines_digest="" if there is None else there.digest,
    )


def _warning(raised: Raised) -> WarningRecord:
    warning, title, threshold_fen, before_fen, after_fen, clause = raised
    return WarningRecord(warning, title.zh, title.en, threshold_fen, before_fen, after_fen, clause)


def line_record(asked: AskedLine, item: CatalogueItem) -> LineRecord:
    """Returns what the catalogue says of a line."""
    said = _TEXTS[item.kind], _TEXTS[item.catalogue_class]
    return _new(LineRecord, (asked.line_id, item.code, item.name, *said))


def _trace(steps: Iterable[PlainStep]) -> tuple[TraceStep, ...]:
    return tuple([
        _new(TraceStep, (step, rule, clause, inputs_of(flat), amount_fen, line))
        for step, rule, clause, amount_fen, line, *flat in steps
    ])


def decided(
    settlements: Sequence[SettlementRecord],
    settled: Sequence[Settled],
    payers: Mapping[str, AccountFacts],
    region: str,
    scheme: str,
) -> Decided:
    """Returns what the settlements come to together: each fund, account and counter once."""
    breakdowns = [settlement.breakdown for settlement in settlements]
    split = Split.of(breakdowns)
    accounts = tuple(
        AccountBooking(part.account, payers[part.account].region, payers[part.account].scheme.value,
                       part.amount_fen)
        for part in split.accounts
    )
    effect = Effect(
        region=region,
        scheme=scheme,
        funds=split.funds,
        accounts=accounts,
        cash_fen=split.cash_fen,
        provider_borne_fen=sum(breakdown.provider_borne_fen for breakdown in breakdowns),
        counters=(*_deltas(settled), *_of_relatives(accounts, payers, settled)),
        dispensed=tuple(drug for each in settled for drug in each.handed_out),
    )
    lifted = (lifted_caps(each.portion.pack, each.calculation.remainders, each.case) for each in settled)
    return Decided(tuple(settlements), effect, split, tuple(chain.from_iterable(lifted)))


def _of_relatives(
    bookings: Sequence[AccountBooking], payers: Mapping[str, AccountFacts], settled: Sequence[Settled]
) -> Iterator[CounterDelta]:
    """What the accounts of relatives pay counts in the year of the sale, toward what their owners allow."""
    for each in bookings:
        if payers[each.account].owner is not Owner.SELF:
            yield CounterDelta(family_counter(each.account, settled[0].case.service_on.year), each.amount_fen)


def _deltas(settled: Sequence[Settled]) -> tuple[CounterDelta, ...]:
    sums: dict[CounterKey, int] = {}
    for each in settled:
        for key, amount in each.calculation.deltas:
            sums[key] = sums.get(key, 0) + amount
    return tuple(CounterDelta(key, amount) for key, amount in sums.items() if amount)
