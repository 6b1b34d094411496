"""The embedded authority: policy packs and the calculation, inside the transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import starmap
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedLine
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Encounter, Line, Prescription
from medsettle_gateway.domain.errors import Refusal, Refused, refuse
from medsettle_gateway.domain.facts import AccountFacts, InstitutionFacts, MemberFacts
from medsettle_gateway.domain.member import Account, Patient
from medsettle_gateway.domain.place import InstitutionKind
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import (
    AccountBooking,
    CounterDelta,
    Effect,
    LineRecord,
    SaleRecord,
    SettlementRecord,
    TraceStep,
)
from medsettle_gateway.domain.split import Split
from medsettle_gateway.policy.benefit import Title
from medsettle_gateway.policy.engine import (
    ENGINE_VERSION,
    Calculation,
    CaseInput,
    account_rules,
    calculate,
    counters_read,
    may_have,
    period_of,
    remainders,
)
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.policy.stored import case_from_plain, case_to_plain
from medsettle_gateway.policy.trace import TraceEntry
from medsettle_gateway.service.authority import Counters, Cover, Decided, Offer, Question, Visit

_ACCOUNT_ONLY: Final = Title("仅用个人账户", "personal account only")
_DAYS_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Embedded:
    """Decides by the packs that are loaded."""

    packs: Packs
    _by_day: dict[tuple[str, date], tuple[Pack, ...]] = field(default_factory=dict, repr=False)

    def periods(self, service_on: date) -> tuple[str, ...]:
        """Returns the benefit year of the day."""
        return (period_of(service_on),)

    def decide(self, question: Question) -> Decided:
        """Returns what the sale comes to. Raises Refused: cover, pack, gates, lines, in this order."""
        member, basket = question.member, question.basket
        refusal = _uncovered(member, question.institution, question.service_on)
        if refusal is not None:
            raise Refused(refusal)
        encounter = Encounter(
            benefit=basket.benefit or PERSONAL_ACCOUNT_ONLY,
            prescription=_prescription(question),
            admitted=basket.admitted_on,
            discharged=basket.discharged_on,
            sessions=basket.sessions,
        )
        if basket.benefit is None:
            visit = _visit_of(question)
            encounter = replace(encounter, benefit=self._first_benefit(visit, encounter))
        scheme = member.scheme.value
        pack = self.packs.find(member.region, scheme, encounter.benefit, question.service_on)
        case = _case(question, encounter, pack)
        calculation = calculate(pack, case)
        lines = tuple(starmap(_line_record, zip(basket.lines, question.items, strict=True)))
        settlement = _settlement(pack, case, calculation, lines, question.catalogue_digest)
        owners = {account.account: account for account in question.payers}
        return _decided((settlement,), (calculation,), owners, member.region, scheme)

    def again(self, sale: SaleRecord, payers: Mapping[str, AccountFacts], counters: Counters) -> Decided:
        """Returns what a held sale comes to now.

        Raises Refused: CONFIRM_TOO_LATE where its pack is not loaded any more, and what the calculation says.
        """
        effect = sale.effect
        if effect is None:
            msg = f"{sale.request_id} was never held"
            raise AssertionError(msg)
        settlements, calculations = [], []
        for settlement in sale.settlements:
            case = case_from_plain(settlement.case_input)
            pack = self._same_pack(settlement, case.service_on)
            case = replace(
                case,
                counters=_read(pack, case.encounter.benefit, case.service_on, counters),
                accounts=tuple(_as_of_now(account, payers) for account in case.accounts),
            )
            calculation = calculate(pack, case)
            digest = settlement.catalogue_digest
            settlements.append(_settlement(pack, case, calculation, settlement.lines, digest))
            calculations.append(calculation)
        return _decided(settlements, calculations, payers, effect.region, effect.scheme)

    def cover(self, visit: Visit, benefit: str | None) -> Cover:
        """Returns what the patient may have here: of one benefit, or of all that the region has."""
        member, place = visit.member, visit.institution.place
        encounter = Encounter(PERSONAL_ACCOUNT_ONLY, visit.prescription or _implied(visit.institution))
        refusal = _uncovered(member, visit.institution, visit.service_on)
        try:
            pack = self.packs.find(
                member.region, member.scheme.value, PERSONAL_ACCOUNT_ONLY, visit.service_on
            )
        except Refused as refused:
            return Cover("", refusal or refused.refusal, (), own_account=False, payers=())
        patient = _patient(member)
        refusal = refusal or may_have(
            pack, PERSONAL_ACCOUNT_ONLY, patient, place, encounter, visit.service_on
        )
        use = account_rules(pack, PERSONAL_ACCOUNT_ONLY, patient, place, encounter)
        may_pay = (account.account for account in member.accounts if account.owner in use.owners)
        return Cover(
            pack=pack.id,
            refusal=refusal,
            offers=self._offers(visit, encounter, benefit),
            own_account=use.own_account,
            payers=tuple(may_pay),
        )

    def _offers(self, visit: Visit, encounter: Encounter, benefit: str | None) -> tuple[Offer, ...]:
        packs = self._region_packs(visit.member.region, visit.service_on)
        pairs = [(pack, each) for pack in packs for each in pack.benefits]
        chosen = [pair for pair in pairs if benefit is None or pair[1].id == benefit]
        if benefit is not None and not chosen:
            unknown = Refusal(Reason.BENEFIT_UNKNOWN, {"benefit": benefit})
            return (Offer(benefit, benefit, benefit, unknown, ()),)
        patient, place = _patient(visit.member), visit.institution.place
        uncovered = _uncovered(visit.member, visit.institution, visit.service_on)
        rules = (patient, place, encounter, visit.service_on)
        return tuple(
            Offer(
                each.id,
                each.title.zh,
                each.title.en,
                uncovered or may_have(pack, each.id, *rules),
                remainders(pack, each.id, *rules, visit.counters),
            )
            for pack, each in chosen
        )

    def _first_benefit(self, visit: Visit, encounter: Encounter) -> str:
        """The first benefit that person and place may have, in the order of the packs."""
        patient, place = _patient(visit.member), visit.institution.place
        for pack in self._region_packs(visit.member.region, visit.service_on):
            for each in pack.benefits:
                if may_have(pack, each.id, patient, place, encounter, visit.service_on) is None:
                    return each.id
        return PERSONAL_ACCOUNT_ONLY

    def _region_packs(self, region: str, on: date) -> tuple[Pack, ...]:
        found = self._by_day.get((region, on))
        if found is None:
            if len(self._by_day) >= _DAYS_KEPT:
                self._by_day.clear()
            found = tuple(pack for pack in self.packs if pack.region == region and pack.in_force(on))
            self._by_day[region, on] = found
        return found

    def _same_pack(self, settlement: SettlementRecord, on: date) -> Pack:
        for pack in self.packs.versions(settlement.pack):
            if pack.digest == settlement.pack_digest:
                return pack
        raise refuse(Reason.CONFIRM_TOO_LATE, pack=settlement.pack, date=on.isoformat())


def _uncovered(member: MemberFacts, institution: InstitutionFacts, on: date) -> Refusal | None:
    if on < member.covered_from:
        return Refusal(Reason.NOT_COVERED, {"covered_from": member.covered_from.isoformat()})
    if institution.region != member.region:
        return Refusal(Reason.NOT_DESIGNATED, {"region": member.region, "institution": institution.region})
    return None


def _patient(member: MemberFacts) -> Patient:
    return Patient(
        scheme=member.scheme,
        standing=member.standing,
        enrolment=member.enrolment,
        aid=member.aid,
        conditions=member.conditions,
        covered_to=member.covered_to,
    )


def _implied(institution: InstitutionFacts) -> Prescription:
    """A clinic sells on its own prescriptions, a pharmacy without one, unless the till says otherwise."""
    return Prescription.NONE if institution.kind is InstitutionKind.PHARMACY else Prescription.OWN


def _prescription(question: Question) -> Prescription:
    kinds = [prescription.kind for prescription in question.basket.prescriptions]
    if Prescription.EXTERNAL in kinds:
        return Prescription.EXTERNAL
    return kinds[0] if kinds else _implied(question.institution)


def _visit_of(question: Question) -> Visit:
    return Visit(question.service_on, question.institution, question.member, None, question.counters)


def _case(question: Question, encounter: Encounter, pack: Pack) -> CaseInput:
    return CaseInput(
        service_on=question.service_on,
        patient=_patient(question.member),
        institution=question.institution.place,
        encounter=encounter,
        lines=tuple(_lines(question)),
        counters=_read(pack, encounter.benefit, question.service_on, question.counters),
        accounts=tuple(Account(each.account, each.owner, each.balance_fen) for each in question.payers),
    )


def _lines(question: Question) -> list[Line]:
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
            ward=item.ward,
            service_on=asked.service_on,
        )
        for asked, item in zip(question.basket.lines, question.items, strict=True)
    ]


def _read(pack: Pack, benefit: str, on: date, counters: Counters) -> Counters:
    """What the calculation reads of the member's counters, and nothing else."""
    return {key: counters[key] for key in counters_read(pack, benefit, on) if key in counters}


def _as_of_now(account: Account, payers: Mapping[str, AccountFacts]) -> Account:
    """A payer with today's balance; one that may not pay any more has none."""
    facts = payers.get(account.account)
    return replace(account, balance_fen=facts.balance_fen if facts is not None else 0)


def _settlement(
    pack: Pack, case: CaseInput, calculation: Calculation, lines: tuple[LineRecord, ...], catalogue_digest: str
) -> SettlementRecord:
    calculation.breakdown.check()
    title = next((each.title for each in pack.benefits if each.id == case.encounter.benefit), _ACCOUNT_ONLY)
    return SettlementRecord(
        number=1,
        benefit=case.encounter.benefit,
        title_zh=title.zh,
        title_en=title.en,
        breakdown=calculation.breakdown,
        lines=lines,
        trace=tuple(_step(entry, lines) for entry in calculation.trace),
        remainders=calculation.remainders,
        pack=pack.id,
        pack_digest=pack.digest,
        catalogue_digest=catalogue_digest,
        engine_version=ENGINE_VERSION,
        case_input=case_to_plain(case),
    )


def _line_record(asked: AskedLine, item: CatalogueItem) -> LineRecord:
    return LineRecord(
        asked.line_id, item.code, item.name, item.kind.value, item.catalogue_class.value
    )


def _step(entry: TraceEntry, lines: tuple[LineRecord, ...]) -> TraceStep:
    plain = entry.as_plain()
    return TraceStep(
        step=plain["step"],
        rule=plain["rule"],
        clause=plain["clause"],
        inputs={name: "" if value is None else str(value) for name, value in plain["inputs"].items()},
        amount_fen=plain["amount_fen"],
        zh=plain["zh"],
        en=plain["en"],
        line_id="" if entry.line is None else lines[entry.line].line_id,
    )


def _decided(
    settlements: Sequence[SettlementRecord],
    calculations: Sequence[Calculation],
    payers: Mapping[str, AccountFacts],
    region: str,
    scheme: str,
) -> Decided:
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
        counters=tuple(CounterDelta(*delta) for each in calculations for delta in each.deltas),
    )
    return Decided(tuple(settlements), effect, split)
