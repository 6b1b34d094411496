"""A policy pack: the rules of one pooling region for one period, frozen and compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from medsettle_gateway.domain.basket import Encounter, Waiver
from medsettle_gateway.domain.member import Patient
from medsettle_gateway.domain.place import Institution
from medsettle_gateway.policy.accounts import AccountRules
from medsettle_gateway.policy.benefit import Benefit, Title
from medsettle_gateway.policy.facts import FACT_VALUES, settlement_facts
from medsettle_gateway.policy.plan import Eligibility, Plan, Rules, make_plan

PLANS_KEPT: Final = 4096
"""Combinations of facts that a pack keeps resolved; beyond, all are dropped and made anew."""


class Status(StrEnum):
    """What a pack stands for."""

    IN_FORCE = "in_force"
    HISTORICAL = "historical"
    ILLUSTRATIVE = "illustrative"


class OverlayMark(NamedTuple):
    """Whose local figures a pack carries: the overlay's id, author, date, authority and digest.

    ``pack_digest`` is that of the pack as it is without them.
    """

    id: str
    author: str
    dated_on: date
    authority: str
    digest: str
    pack_digest: str


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """One version of a pack.

    ``effective_to`` is exclusive, None while it is in force. ``source`` is the document's file
    name, ``authority`` its number. ``digest`` is the SHA-256 (hex) over the canonical JSON of
    the data that the pack was read from, an overlay included. ``known_from`` is the day from which
    the file decides; ``supersedes`` begins the digest of the file that it corrects.
    """

    id: str
    region: str
    title: Title
    authority: str
    source: str
    effective_from: date
    effective_to: date | None
    status: Status
    rules: Rules
    digest: str
    known_from: date
    supersedes: str | None = None
    overlay: OverlayMark | None = None
    _plans: dict[tuple[object, ...], Plan] = field(default_factory=dict, repr=False)
    _titles: dict[str, Title] = field(default_factory=dict, repr=False)

    @property
    def benefits(self) -> tuple[Benefit, ...]:
        """The benefits, in pack order."""
        return self.rules.benefits

    @property
    def accounts(self) -> AccountRules | None:
        """The account rules, if the pack has any."""
        return self.rules.accounts

    @property
    def eligibility(self) -> Eligibility:
        """The gates of every settlement."""
        return self.rules.eligibility

    @property
    def titles(self) -> Mapping[str, Title]:
        """The titles of benefits, of layers, and of counters of limits around a cap that have one."""
        if not self._titles:
            around = (within for benefit in self.benefits for within in benefit.cap.within if within.zh)
            self._titles.update({within.counter: Title(within.zh, within.en) for within in around})
            self._titles.update({layer.id: layer.title for layer in self.rules.layers})
            self._titles.update({benefit.id: benefit.title for benefit in self.benefits})
        return self._titles

    def in_force(self, on: date) -> bool:
        """Is the pack in force on this day?"""
        if on < self.effective_from:
            return False
        return self.effective_to is None or on < self.effective_to

    def schemes(self, benefit: Benefit) -> tuple[str, ...]:
        """The schemes whose members may have the benefit, as its ``who`` says."""
        every = FACT_VALUES["scheme"] or ()
        named = [dict(entry.tests).get("scheme", every) for entry in benefit.who] or [every]
        return tuple(scheme for scheme in every if any(scheme in each for each in named))

    def plan(
        self,
        benefit: str,
        patient: Patient,
        institution: Institution,
        encounter: Encounter,
        service_on: date,
        waives: tuple[Waiver, ...] = (),
    ) -> Plan:
        """The rules resolved for these facts; the same object for the same facts.

        ``waives`` is what an emergency order lifts.
        """
        declared = self.rules.declared
        own = tuple(fact.held(patient, encounter, service_on) for fact in declared) if declared else ()
        key = (
            benefit,
            patient.scheme,
            patient.standing,
            patient.enrolment,
            patient.aid,
            patient.conditions,
            institution.kind,
            institution.level,
            institution.specialty,
            institution.designations,
            encounter.prescription,
            encounter.circulated,
            encounter.admitted is None,
            encounter.emergency,
            own,
            waives,
        )
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= PLANS_KEPT:
                self._plans.clear()
            held = {fact.name: values for fact, values in zip(declared, own, strict=True)}
            facts = settlement_facts(patient, institution, encounter, held)
            plan = self._plans[key] = make_plan(self.rules, benefit, facts, waives)
        return plan
