"""The embedded authority: policy packs and the calculation, inside the transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import starmap
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Encounter
from medsettle_gateway.domain.errors import Refusal, Refused, refuse
from medsettle_gateway.domain.facts import AccountFacts
from medsettle_gateway.domain.sale import SaleRecord, SettlementRecord
from medsettle_gateway.policy.engine import account_rules, calculate, may_have, period_of, remainders
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.policy.stored import case_from_plain
from medsettle_gateway.service import casework
from medsettle_gateway.service.authority import Counters, Cover, Decided, Offer, Question, Visit

_DAYS_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Embedded:
    """Decides by the packs that are loaded."""

    packs: Packs
    _by_day: dict[tuple[str, date], tuple[Pack, ...]] = field(default_factory=dict, repr=False)

    def periods(self, service_on: date) -> tuple[str, ...]:
        """Returns the benefit year of the day."""
        return (period_of(service_on.year),)

    def decide(self, question: Question) -> Decided:
        """Returns what the sale comes to. Raises Refused: cover, pack, gates, lines, in this order."""
        member, basket = question.member, question.basket
        refusal = casework.uncovered(member, question.institution, question.service_on)
        if refusal is not None:
            raise Refused(refusal)
        encounter = Encounter(
            benefit=basket.benefit or PERSONAL_ACCOUNT_ONLY,
            prescription=casework.prescription(question),
            admitted=basket.admitted_on,
            discharged=basket.discharged_on,
            sessions=basket.sessions,
        )
        if basket.benefit is None:
            visit = casework.visit_of(question)
            encounter = replace(encounter, benefit=self._first_benefit(visit, encounter))
        scheme = member.scheme.value
        pack = self.packs.find(member.region, scheme, encounter.benefit, question.service_on)
        case = casework.case(question, encounter, pack)
        calculation = calculate(pack, case)
        lines = tuple(starmap(casework.line_record, zip(basket.lines, question.items, strict=True)))
        settlement = casework.settlement(pack, case, calculation, lines, question.catalogue_digest)
        owners = {account.account: account for account in question.payers}
        return casework.decided((settlement,), (calculation,), owners, member.region, scheme)

    def again(self, sale: SaleRecord, payers: Mapping[str, AccountFacts], counters: Counters) -> Decided:
        """Returns what a held sale comes to now.

        Raises Refused: CONFIRM_TOO_LATE where its pack is not loaded any more; what the calculation says.
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
                counters=casework.read(pack, case.encounter.benefit, case.service_on, counters),
                accounts=tuple(casework.as_of_now(account, payers) for account in case.accounts),
            )
            calculation = calculate(pack, case)
            digest = settlement.catalogue_digest
            settlements.append(casework.settlement(pack, case, calculation, settlement.lines, digest))
            calculations.append(calculation)
        return casework.decided(settlements, calculations, payers, effect.region, effect.scheme)

    def cover(self, visit: Visit, benefit: str | None) -> Cover:
        """Returns what the patient may have here: of one benefit, or of all that the region has."""
        member, place = visit.member, visit.institution.place
        prescription = visit.prescription or casework.implied(visit.institution)
        encounter = Encounter(PERSONAL_ACCOUNT_ONLY, prescription)
        refusal = casework.uncovered(member, visit.institution, visit.service_on)
        try:
            pack = self.packs.find(
                member.region, member.scheme.value, PERSONAL_ACCOUNT_ONLY, visit.service_on
            )
        except Refused as refused:
            return Cover("", refusal or refused.refusal, (), own_account=False, payers=())
        patient = casework.patient(member)
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
        patient, place = casework.patient(visit.member), visit.institution.place
        uncovered = casework.uncovered(visit.member, visit.institution, visit.service_on)
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
        patient, place = casework.patient(visit.member), visit.institution.place
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
