"""The embedded authority: policy packs and the calculation, inside the transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedLine, Basket
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Line
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refusal, Refused, refuse
from medsettle_gateway.domain.facts import InstitutionFacts, MemberFacts
from medsettle_gateway.domain.filings import Filing
from medsettle_gateway.domain.person_rules import PersonRules
from medsettle_gateway.domain.sale import SaleRecord, SettlementRecord
from medsettle_gateway.domain.staff import StaffRule
from medsettle_gateway.domain.tracing import TraceRule
from medsettle_gateway.domain.watching import WatchRule
from medsettle_gateway.domain.work_rules import WorkRules
from medsettle_gateway.eligibility.aid import as_entitled, sharpened, why_no_aid
from medsettle_gateway.eligibility.filings import too_late
from medsettle_gateway.eligibility.person import during_stay
from medsettle_gateway.policy.assigning import Portion, calculate_portions, share_out, share_out_apart
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.engine import (
    CaseInput,
    account_rules,
    may_have,
    periods_of,
)
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.stored import case_from_plain
from medsettle_gateway.service import casework
from medsettle_gateway.service.authority import (
    Cover,
    Decided,
    ItemCover,
    Question,
    Today,
    Visit,
)
from medsettle_gateway.service.casework import Person
from medsettle_gateway.service.covered import Offered, by_prescriber, covered_item, offers_of
from medsettle_gateway.service.dispensing import check_reviewed
from medsettle_gateway.service.foremost import foremost, has_stages_before, shut, why_not
from medsettle_gateway.service.here import check_claimed, check_conditions, explained, here
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
        except Refused as refused:
            return refused.refusal
        return None

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
        at = self._work_at(question, work)
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

    def _work_at(self, asked: Question | Visit, insured: WorkRules) -> WorkRules:
        """What the region of the place asks: that of insurance, or another one."""
        region = asked.institution.region
        if region == asked.member.region:
            return insured
        return self.rules.work(region, None, asked.service_on, asked.known_on)

    def _place_pack(self, asked: Question | Visit) -> Pack | None:
        """The pack whose line rules hold at a place in another region, as far as that region has one."""
        region, member = asked.institution.region, asked.member
        if region == member.region:
            return None
        return self.rules.place_pack(region, member.scheme.value, asked.service_on, asked.known_on)

    def _calculated(self, question: Question, work: WorkRules, prescribing: StaffRule) -> Decided:
        member, basket, case = question.member, question.basket, casework.case(question)
        check_conditions(basket, question.filings, work)
        there = self._place_pack(question)
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

    def again(self, sale: SaleRecord, today: Today) -> Decided:
        """Returns what a held sale comes to now.

        Raises Refused: CONFIRM_TOO_LATE where its pack is not loaded any more; what the calculation says.
        """
        effect = sale.effect
        if effect is None:
            msg = f"{sale.request_id} was never held"
            raise AssertionError(msg)
        if not all(settlement.case_input for settlement in sale.settlements):
            raise refuse(Reason.CONFIRM_TOO_LATE)  # it came back after a restore: its input is lost
        whole = [tuple(range(len(each.lines))) for each in sale.settlements]
        try:
            return self._anew(sale, whole, {}, today)
        except _PackGoneError as gone:
            raise refuse(Reason.CONFIRM_TOO_LATE, **gone.detail) from gone

    def left(self, sale: SaleRecord, kept: Sequence[AskedLine], today: Today) -> Decided:
        """Returns what is left of a settled sale if only these of its lines stay, in these quantities.

        Raises Refused: RETURN_NOT_POSSIBLE where its pack or input is gone; what the calculation says.
        """
        if not all(settlement.case_input for settlement in sale.settlements):
            raise refuse(Reason.RETURN_NOT_POSSIBLE, cause="restored")
        stay = {line.line_id: line for line in kept}
        chosen = [
            tuple(index for index, line in enumerate(each.lines) if line.line_id in stay)
            for each in sale.settlements
        ]
        try:
            return self._anew(sale, chosen, stay, today)
        except _PackGoneError as gone:
            raise refuse(Reason.RETURN_NOT_POSSIBLE, **gone.detail) from gone

    def _anew(
        self, sale: SaleRecord, chosen: Sequence[tuple[int, ...]], stay: Mapping[str, AskedLine], today: Today
    ) -> Decided:
        """What the chosen lines of each settlement come to: with their own input, and the sums of today."""
        before = [(each, indexes) for each, indexes in zip(sale.settlements, chosen, strict=True) if indexes]
        cases = [case_from_plain(each.case_input) for each, _ in before]
        lines: list[Line] = []
        portions, there = [], None
        for (each, indexes), case in zip(before, cases, strict=True):
            pack, there = self._same(each, case.service_on)
            begins = len(lines)
            lines += [_as_kept(case.lines[index], stay.get(each.lines[index].line_id)) for index in indexes]
            whose = tuple(range(begins, len(lines)))
            portions.append(Portion(pack, each.benefit, whose, case.encounter))
        whole = structs.replace(
            cases[0],
            lines=tuple(lines),
            counters=today.counters,
            accounts=tuple(casework.as_of_now(account, today.payers) for account in cases[0].accounts),
            dispensed=today.dispensed,
        )
        versions_of = self.rules.versions_there(day_of(sale.created_at), there)
        settlements, settled = [], calculate_portions(portions, whole, versions_of)
        for number, ((each, indexes), found) in enumerate(zip(before, settled, strict=True), 1):
            named = tuple(each.lines[index] for index in indexes)
            settlements.append(casework.settlement(number, found, named, each.catalogue_digest, there))
        region, scheme = (sale.effect.region, sale.effect.scheme) if sale.effect else ("", "")
        return casework.decided(settlements, settled, today.payers, region, scheme)

    def _same(self, settlement: SettlementRecord, on: date) -> tuple[Pack, Pack | None]:
        """The pack by which a settlement was made, with the line rules that held, and whose these were."""
        pack, there = self.rules.same(settlement.pack, settlement.pack_digest, on), None
        if settlement.lines_pack:
            there = self.rules.same(settlement.lines_pack, settlement.lines_digest, on)
        if pack is None or (settlement.lines_pack and there is None):
            raise _PackGoneError(settlement, on)
        return self.rules.with_lines_of(pack, there), there

    def cover(self, visit: Visit, benefit: str | None) -> Cover:
        """Returns what the patient may have here: of one benefit, or of all that the region has."""
        place, on, known_on = visit.institution.place, visit.service_on, visit.known_on
        rules = self.rules.persons(visit.member.region, visit.member.scheme.value, on, known_on)
        member = as_entitled(visit.member, on, rules)
        encounter = structs.replace(
            casework.stay(visit.institution.code, None),
            benefit=PERSONAL_ACCOUNT_ONLY,
            prescription=visit.prescription or casework.implied(visit.institution),
        )
        work = self.rules.work(member.region, member.scheme.value, on, known_on)
        found = here(member, visit.institution, on, work)
        member = found.member
        if member is not visit.member:
            visit = replace(visit, member=member)
        encounter = structs.replace(encounter, area=found.area.value)
        at = self._work_at(visit, work)
        not_here = found.refusal(visit.institution, work, at)
        person = Person(rules, known_on)
        stopped = casework.uncovered(member, on, person)
        shut = stopped and casework.uncovered(member, on, person._replace(accounts_only=True))
        uncovered = stopped or not_here
        try:
            pack = self.rules.pack_of_scheme(member.region, member.scheme.value, on, known_on)
        except Refused as refused:
            no_pack = uncovered or refused.refusal
            said = (ItemCover(no_pack),) * len(visit.items)
            return Cover("", no_pack, (), own_account=False, payers=(), filings=found.filings, items=said)
        patient = casework.patient(member, on)
        from_accounts = may_have(pack, PERSONAL_ACCOUNT_ONLY, patient, place, encounter, on)
        use = account_rules(pack, PERSONAL_ACCOUNT_ONLY, patient, place, encounter, on)
        may_pay = (account.account for account in member.accounts if account.owner in use.owners)

        def why(no: Refusal | None) -> Refusal | None:
            known = no and explained(no, visit.institution, found.filings)
            return known and sharpened(known, member, on, rules)

        late = too_late(member.filed, on, known_on, work.late)
        offered = [
            (each, one, why(uncovered or why_not(each, one.id, patient, place, encounter, on)) or late)
            for each, one in self._benefits(visit, benefit)
        ]
        case = CaseInput(on, patient, place, encounter, (), dispensed=visit.dispensed, orders=visit.orders)
        return Cover(
            pack=pack.id,
            refusal=why(uncovered or from_accounts),
            offers=tuple(offers_of(offered, case, visit.counters, benefit)),
            own_account=use.own_account,
            payers=tuple(may_pay),
            filings=found.filings,
            no_aid=why_no_aid(member, on, rules),
            no_account=why(shut or not_here or from_accounts) or late,
            items=tuple(self._items(visit, offered, case, found.filings)),
            by_prescriber=tuple(by_prescriber(offered, case.encounter, at.prescriber)),
        )

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

    def _benefits(self, visit: Visit, benefit: str | None) -> list[tuple[Pack, Benefit]]:
        member = visit.member
        packs = self.rules.of_region(member.region, member.scheme.value, visit.service_on, visit.known_on)
        pairs = [(pack, each) for pack in packs for each in pack.benefits]
        return [pair for pair in pairs if benefit is None or pair[1].id == benefit]

    def _items(
        self, visit: Visit, offered: Sequence[Offered], case: CaseInput, filings: Sequence[Filing]
    ) -> Iterator[ItemCover]:
        if not visit.items:
            return
        there = self._place_pack(visit)
        here = [(self.rules.with_lines_of(pack, there), each, refusal) for pack, each, refusal in offered]
        for item in visit.items:
            yield covered_item(item, here, case, filings)


class _Entering(NamedTuple):
    """A sale whose person has cover and whose place settles: the question as of both, and whose rules hold.

    ``member`` is as entitled, ``rules`` and ``work`` are of the region of insurance, ``at`` of the place's.
    """

    question: Question
    member: MemberFacts
    rules: PersonRules
    work: WorkRules
    at: WorkRules


class _PackGoneError(Exception):
    """A pack is not loaded any more that a sale was calculated by."""

    def __init__(self, settlement: SettlementRecord, on: date) -> None:
        super().__init__(settlement.pack)
        self.detail = {"pack": settlement.pack, "date": on.isoformat()}


def _chooses(packs: Sequence[Pack], asked: str) -> bool:
    """May the benefit leave a line that asks for it to another one?"""
    return any(each.takes for pack in packs for each in pack.benefits if each.id == asked)


def _as_kept(line: Line, asked: AskedLine | None) -> Line:
    if asked is None:
        return line
    return structs.replace(
        line, quantity_e4=asked.quantity_e4, amount_fen=asked.amount_fen, days_supply=asked.days_supply
    )
