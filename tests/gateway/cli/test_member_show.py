"""``member show``: an operator sees what a settlement would find of a member, and no name."""

from dataclasses import replace
from datetime import date

from medsettle.wire.columns import width
from medsettle_gateway.cli.member_shown import member_on, shown_page
from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.facts import DispensedFacts
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.test_importing import MEMBERS

pytestmark = on_both_stores

PERSON = "7,钱小进,E12345678,210300,employee,retired,pooled_and_account,subsistence,hypertension,2010-01-01,,12.50,active,1950-03-02"  # noqa: E501


def entered(city: City) -> None:
    city.ask("member", "import", city.write("m.csv", f"{MEMBERS},born_on", PERSON))
    city.ask("member", "attributes", city.write(
        "a.csv", "member_no,name,value,from,to",
        "7,tier,low,2024-01-01,2024-12-31", "7,tier,high,2025-01-01,",
    ))  # fmt: skip
    city.ask("member", "import-year", city.write(
        "y.csv", "member_no,year,counter,measure,amount_yuan",
        "7,2025,general_outpatient,paid,321.00", "7,2025,general_outpatient,deductible,300.00",
    ))  # fmt: skip


def test_what_holds_of_a_member_on_a_day_is_shown(city: City) -> None:
    entered(city)
    text = city.run("member", "show", "7", "--on", "2025-03-01").stdout
    for line in (
        "退休 / retired",
        "低保 / subsistence",
        "    高血压 / hypertension",
        "    tier: high",
        "12.50 (正常 / active)",
        "    general_outpatient: 已支付 / paid 321.00",
        "74",
        "近90天配药 / drugs of 90 days: 无 / none",
    ):
        assert line in text, text


def test_the_facts_of_a_member_stand_below_each_other(city: City) -> None:
    entered(city)
    text = city.run("member", "show", "7", "--on", "2025-03-01").stdout
    for value in ("210300", "退休 / retired", "低保 / subsistence", "2010-01-01 – 至今 / no end", "74"):
        (line,) = [line for line in text.splitlines() if line.endswith(f" {value}")]
        assert width(line.partition(value)[0]) == 26, line


def test_no_name_and_no_number_is_shown(city: City) -> None:
    entered(city)
    for text in (city.run("member", "show", "7").stdout, city.run("member", "show", "7", "--json").stdout):
        assert "钱小进" not in text
        assert "E12345678" not in text
        assert "1950-03-02" not in text


def test_a_member_is_found_by_the_reference_that_is_shown_elsewhere(city: City) -> None:
    entered(city)
    reference = city.ask("member", "show", "7")["member"]
    assert f"内部编号 / reference    {reference}" in city.run("member", "show", "7").stdout
    assert city.ask("member", "show", reference) == city.ask("member", "show", "7")


def test_a_program_gets_the_facts_of_another_day(city: City) -> None:
    entered(city)
    answer = city.ask("member", "show", "7", "--on", "2024-03-02")
    assert (answer["age"], answer["attributes"], answer["counters"]) == (74, {"tier": "low"}, [])
    assert answer["accounts"] == [
        {"owner": "self", "masked_name": answer["masked_name"], "state": "active", "balance_fen": 1250,
         "held_fen": 0, "limit_left_fen": None, "standing_consent": False},
    ]  # fmt: skip
    assert date.fromisoformat(answer["on"]) == date(2024, 3, 2)


def test_a_number_that_nobody_has_is_told(city: City) -> None:
    result = city.run("member", "show", "404", exit_code=1)
    assert "没有这个个人编号" in result.stderr
    assert "--on" in city.run("member", "show", "7", "--on", "2025-02-30", exit_code=2).stderr


def test_the_drugs_of_the_window_are_shown_with_what_they_treat(city: City) -> None:
    entered(city)
    shown = member_on(city.gateway, "7", date(2025, 3, 1))
    assert shown is not None
    drug = Dispensed("氨氯地平", date(2025, 2, 1), 15, "hypertension", "chronic_outpatient")
    page = list(shown_page(replace(shown, drugs=(DispensedFacts("r1", drug),))))
    assert page[-1] == "    2025-02-01  氨氯地平  15天 / days  高血压 / hypertension  r1"
