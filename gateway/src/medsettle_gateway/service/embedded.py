"""The embedded authority: policy packs and the calculation, inside the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from msgspec import structs

from medsettle_gateway.domain.asked import AskedLine, Basket
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.facts import InstitutionFacts, MemberFacts
from medsettle_gateway.domain.person_rules import PersonRules
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.staff import StaffRule
from medsettle_gateway.domain.tracing import TraceRule
from medsettle_gateway.domain.watching import WatchRule
from medsettle_gateway.domain.work_rules import WorkRules
from medsettle_gateway.eligibility.aid import as_entitled, sharpened
from medsettle_gateway.eligibility.person import during_stay
from medsettle_gateway.policy.assigning import Portion, calculate_portions, share_out, share_out_apart
from medsettle_gateway.policy.engine import CaseInput, periods_of
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.service import casework
from medsettle_gateway.service.authority import Cover, Decided, Question, Today, Visit
from medsettle_gateway.service.casework import Person
from medsettle_gateway.service.covering import cover
from medsettle_gateway.service.dispensing import check_reviewed
from medsettle_gateway.service.foremost import foremost, has_stages_before, shut
from medsettle_gateway.service.here import check_claimed, check_conditions, explained, here
from medsettle_gateway.service.recalculated import again, left
from medsettle_gateway.service.rulebook import Rulebook
from medsettle_gateway.service.staffing import check_prescribers


@dataclass(frozen=True, slots=True)
class Embedded:
    """Decides by the packs that are loaded."""

    rules: Rulebook

    def periods(self, institution: str, basket: Basket | None, service_on: date) -> tuple[str, ...]:
        """Returns the benefit years of the day and of the admission, and the stay."""
        return periods_of(casework.stay(institution, basket), service_on)

    def window_days(self, region: str) -> int:
        """Returns in how many days drugs count that were handed out before."""
        return self.rules.window_days(region)

    def watches(self, region: str, scheme: str, on: date, known_on: date) -> tuple[WatchRule, ...]:
        """Returns the rules of supervision for members of a scheme."""
        return self.rules.watches(region, scheme, on, known_on)

    def trace_rule(self, region: str, on: date, known_on: date) -> TraceRule:
        """Returns what the region of a place asks of traceability codes."""
        return self.rules.trace_rule(region, on, known_on)

    def conditions(
        self, member: MemberFacts, institution: InstitutionFacts, on: date, known_on: date
    ) -> tuple[str, ...]:
        """Returns the member's conditions that hold at the place on the day, filings with dates included."""
        work = self.rules.work(member.region, member.scheme.value, on, known_on)
        return here(member, institution, on, work).member.conditions

    def staff_rules(self, region: str, on: date, known_on: date) -> tuple[StaffRule, StaffRule]:
        """Returns what the region asks of those who prescribe, and of those who review."""
        work = self.rules.work(region, None, on, known_on)
        return work.prescriber, work.pharmacist

    def decide(self, question: Question) -> Decided:
        """Returns what the sale comes to. Raises Refused: cover, pack, gates, lines, in this order."""
        entering = self._entered(question)
        try:
            return self._calculated(entering.question, entering.work, entering.at.prescriber)
        except Refused as refused:
            raise Refused(self._told(refused.refusal, entering)) from refused

    def bars(self, question: Question) -> Refusal | None:
        """Returns why the sale is refused whatever it brings; None where that turns on what it brings."""
        try:
            entering = self._entered(question)
        except Refused as refused:
            return refused.refusal
        asked = entering.question
        refusal = self._shut(asked)
        if refusal is not None:
            return self._told(refusal, entering)
        try:
            check_conditions(asked.basket, asked.filings, entering.work)
            check_claimed(asked.member, asked.service_on, asked.known_on, entering.work)
        except Refused as refused:
            return refused.refusal
        return None

    def again(self, sale: SaleRecord, today: Today) -> Decided:
        """Returns what a held sale comes to now.

        Raises Refused: CONFIRM_TOO_LATE where its pack is not loaded any more; what the calculation says.
        """
        return again(self.rules, sale, today)

    def left(self, sale: SaleRecord, kept: Sequence[AskedLine], today: Today) -> Decided:
        """Returns what is left of a settled sale if only these of its lines stay, in these quantities.

        Raises Refused: RETURN_NOT_POSSIBLE where its pack or input is gone; what the calculation says.
        """
        return left(self.rules, sale, kept, today)

    def cover(self, visit: Visit, benefit: str | None) -> Cover:
        """Returns what the patient may have here: of one benefit, or of all that the region has."""
        return cover(self.rules, visit, benefit)

    def _entered(self, question: Question) -> "_Entering":
        """The person at the place as of the day. Raises Refused: cover, and what is not settled there."""
        basket, on, known_on = question.basket, question.service_on, question.known_on
        rules = self.rules.persons(question.member.region, question.member.scheme.value, on, known_on)
        member = as_entitled(question.member, on, rules)
        if basket.admitted_on is not None:
            member = during_stay(member, basket.admitted_on, on, rules, known_on)
        work = self.rules.work(member.region, member.scheme.value, on, known_on)
        found = here(member, question.institution, on, work, basket)
        question = structs.replace(question, member=found.member, filings=found.filings, area=found.area)
        person = Person(rules, known_on, accounts_only=basket.benefit == PERSONAL_ACCOUNT_ONLY)
        at = self.rules.work_at(question, work)
        refusal = casework.uncovered(member, basket.admitted_on or on, person)
        refusal = refusal or found.refusal(question.institution, work, at)
        if refusal is not None:
            raise Refused(refusal)
        return _Entering(question, member, rules, work, at)

    def _told(self, refusal: Refusal, entering: "_Entering") -> Refusal:
        """What is said of it: what cannot be cured comes first, with what is known of why."""
        asked, member, rules, *_ = entering
        if has_stages_before(refusal):
            refusal = foremost(refusal, self._shut(asked))
        why = explained(refusal, asked.institution, asked.filings)
        return sharpened(why, member, asked.service_on, rules)

    def _shut(self, asked: Question) -> Refusal | None:
        """Why nothing is sold to the person there, or a benefit that is asked for cannot be had at all."""
        whose = (asked.member.region, asked.member.scheme.value, asked.service_on, asked.known_on)
        try:
            own = self.rules.pack_of_scheme(*whose)
        except Refused as refused:
            return refused.refusal
        return shut(own, self.rules.of_region(*whose), asked)

    def _calculated(self, question: Question, work: WorkRules, prescribing: StaffRule) -> Decided:
        member, basket, case = question.member, question.basket, casework.case(question)
        check_conditions(basket, question.filings, work)
        there = self.rules.pack_at(question)
        portions = self._portions(question, case, there)
        check_claimed(member, question.service_on, question.known_on, work)
        implied = casework.implied(question.institution)
        for portion in portions:
            taken = portion.benefit, portion.lines
            check_prescribers(basket, question.staff, taken, (question.service_on, implied), prescribing)
        versions_of = self.rules.versions_there(question.known_on, there)
        settled = calculate_portions(portions, case, versions_of)
        lines = tuple(map(casework.line_record, basket.lines, question.items))
        settlements = [
            casework.settlement(
                number, each, tuple(lines[index] for index in each.portion.lines), question.catalogue_digest,
                there,
            )
            for number, each in enumerate(settled, 1)
        ]
        owners = {account.account: account for account in question.payers}
        return casework.decided(settlements, settled, owners, member.region, member.scheme.value)

    def _portions(self, question: Question, case: CaseInput, there: Pack | None) -> tuple[Portion, ...]:
        """Who takes which line. Where one benefit is asked for, it takes them all: one look is enough."""
        member = question.member
        packs = self.rules.of_region(
            member.region,
            member.scheme.value,
            question.service_on,
            question.known_on,
            question.basket.benefit,
        )
        if there is not None:
            packs = tuple(self.rules.with_lines_of(pack, there) for pack in packs)
        check_reviewed(question.prescribed, (pack.rules.review for pack in packs))
        apart = casework.apart(question, case.encounter)
        if len(apart) > 1:
            return share_out_apart(packs, case, apart)
        asked = question.basket.benefit
        if asked is None or any(line.benefit for line in case.lines) or _chooses(packs, asked):
            return share_out(packs, case)
        (portion,) = share_out(packs, structs.replace(case, lines=case.lines[:1]))
        return (portion._replace(lines=tuple(range(len(case.lines)))),)


class _Entering(NamedTuple):
    """A sale whose person has cover and whose place settles: the question as of both, and whose rules hold.

    ``member`` is as entitled, ``rules`` and ``work`` are of the region of insurance, ``at`` of the place's.
    """

    question: Question
    member: MemberFacts
    rules: PersonRules
    work: WorkRules
    at: WorkRules


def _chooses(packs: Sequence[Pack], asked: str) -> bool:
    """May the benefit leave a line that asks for it to another one?"""
    return any(each.takes for pack in packs for each in pack.benefits if each.id == asked)
