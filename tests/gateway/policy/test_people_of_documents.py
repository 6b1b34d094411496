"""Whom the shipped packs cover, as their documents say it."""

from dataclasses import replace
from datetime import date

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import Encounter
from medsettle_gateway.domain.member import Enrolment, Patient, Scheme, Standing
from medsettle_gateway.domain.person_rules import NO_RULES, Begins, YearRule
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.policy.engine import may_have, periods_of
from medsettle_gateway.policy.loader import load_pack
from medsettle_gateway.policy.pack import Pack
from tests.gateway.policy.examples import CLINIC, DAY, EMPLOYEE, GENERAL, VISIT, anshan


def shipped(pack: str) -> Pack:
    return next(load_pack(source) for source in shipped_packs() if source.data["pack"] == pack)


@pytest.mark.parametrize("standing", [Standing.ACTIVE, Standing.RETIRED, Standing.FLEXIBLE])
@pytest.mark.parametrize("enrolment", [Enrolment.POOLED_AND_ACCOUNT, Enrolment.POOL_ONLY])
def test_all_employees_of_anshan_have_outpatient_pooling(standing: Standing, enrolment: Enrolment) -> None:
    someone = Patient(Scheme.EMPLOYEE, standing, enrolment)
    assert may_have(anshan(), GENERAL, someone, CLINIC, VISIT, DAY) is None


def test_who_is_enrolled_for_stays_only_has_no_outpatient_pooling() -> None:
    someone = replace(EMPLOYEE, standing=Standing.FLEXIBLE, enrolment=Enrolment.INPATIENT_ONLY)
    refusal = may_have(anshan(), GENERAL, someone, CLINIC, VISIT, DAY)
    assert refusal is not None
    assert refusal.reason is Reason.NOT_FOR_ENROLMENT


def test_a_benefit_year_is_the_natural_year() -> None:
    periods = [periods_of(Encounter(GENERAL), date(2026, *day)) for day in ((1, 1), (12, 31))]
    assert periods == [("2026",), ("2026",)]
    assert periods_of(Encounter(GENERAL), date(2027, 1, 1)) == ("2027",)


def test_chengdu_gives_the_year_after_the_premium() -> None:
    rules = shipped("chengdu-resident").rules.persons
    assert rules.years == (YearRule((("scheme", ("resident",)),), Begins.NEXT_YEAR, None, "第二十一条"),)


def test_fuyang_counts_certificates_of_its_own_district() -> None:
    aid = shipped("hangzhou-medical-aid").rules.persons.aid
    assert aid is not None
    assert (aid.districts, aid.clause) == (("330111",), "二.3")


def test_what_a_document_does_not_say_of_persons_stops_nobody() -> None:
    assert anshan().rules.persons == NO_RULES


def test_chengdu_pays_a_subsidy_out_on_the_papers_of_its_document() -> None:
    accounts = shipped("chengdu-resident").rules.accounts
    assert accounts is not None
    assert accounts.subsidy is not None
    moved, died = accounts.subsidy.closes
    assert (moved.cause, moved.pays, moved.clause) == ("moved_away", ("self",), "第二十六条")
    assert moved.documents == ("本人及代办人身份证件", "参保凭证原件", "户籍迁出证明")
    assert (died.cause, died.pays, died.clause) == ("deceased", ("heir", "beneficiary"), "第二十七条")
    assert died.documents == ("死亡证明", "身份证件及户口簿", "参保凭证原件", "继承人身份证件及亲属关系证明")
    assert died.by_agent == ("授权委托书",)
