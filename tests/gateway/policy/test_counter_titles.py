"""What is left of a limit is named by the pack: nobody at a counter reads an id."""

from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.policy.counter_titles import title_of, titled
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.loader import load_pack
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.trace import Step
from tests.gateway.policy.test_stays import AROUND, BOTH_YEARS, hospital_pack


def shipped(id_: str) -> Pack:
    return load_pack(next(source for source in shipped_packs() if source.data["pack"] == id_))


def test_a_benefit_a_layer_a_condition_and_a_limit_inside_have_their_titles() -> None:
    county, aid = shipped("county-four-lines"), shipped("hangzhou-medical-aid")
    chronic = shipped("liaocheng-outpatient")
    assert title_of(county, "serious_illness") == ("大病保险", "serious-illness insurance")
    assert title_of(aid, "medical_aid/outpatient") == ("医疗救助(门诊)", "medical aid (outpatient care)")
    assert title_of(chronic, "chronic_outpatient/hypertension") == (
        "门诊慢性病(高血压)", "chronic outpatient (hypertension)",
    )  # fmt: skip


def test_a_limit_around_a_cap_has_its_own_title_and_an_unknown_counter_none() -> None:
    pack = hospital_pack(cap={"period": "year", "rows": [{"amount": "400.00"}], "within": AROUND})
    key = CounterKey("2024", "basic_annual", "paid")
    (left,) = titled(pack, [Remainder(key, 1, 3, 2)])
    assert left == (key, 1, 3, 2, "基本医保年度限额", "annual limit of basic insurance")
    assert title_of(pack, "of_another_pack/x") == ("", "")


def test_a_limit_around_a_cap_without_a_title_is_told_as_a_shared_one() -> None:
    around = [{"counter": "basic_annual", "rows": [{"amount": "1.00", "clause": "九"}]}]
    pack = hospital_pack(cap={"period": "year", "rows": [{"amount": "400.00"}], "within": around})
    (cap,) = [each for each in calculate(pack, BOTH_YEARS).trace if each.step is Step.CAP]
    assert cap.zh.startswith("共用限额 basic_annual 1.00元,")
    assert "the shared limit basic_annual is 1.00" in cap.en.lower()
