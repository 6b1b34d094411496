"""Months are brought to accounts once, as the pack says, and corrected by further entries."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from medsettle_gateway.cli import accruing
from medsettle_gateway.cli.frame import now
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.storage.accruals import Accruals
from medsettle_gateway.storage.connection import DatabaseFailedError
from tests.gateway.cli.city import City, on_both_stores

pytestmark = on_both_stores

HEADER = "member_no,month,base_yuan"
ACTIVE, RETIRED, FLEXIBLE, EMPTY = "2103000001", "2103000002", "2103000003", "2103000004"
TODAY = day_of(now())
MONTH = f"{TODAY:%Y-%m}"
BEFORE = f"{TODAY.replace(day=1) - timedelta(days=1):%Y-%m}"
OVERLAY = """\
overlay: pension
pack: anshan-employee-outpatient
authority: 鞍人社发〔2023〕1号
author: 王某
date: 2023-01-01
effective: {from: 2023-01-01, to: null}
accounts:
  accrual:
    pension: {rows: [{amount: "2800.00"}]}
"""


def accrued(city: City, *rows: str, more: tuple[str, ...] = ()) -> Any:
    return city.ask("account", "accrue", city.write("base.csv", HEADER, *rows), *more)


def faults(city: City, *rows: str) -> list[tuple[int, str]]:
    """What is said of each row where nothing is entered."""
    with city.untouched():
        answer = city.ask("account", "accrue", city.write("base.csv", HEADER, *rows), exit_code=1)
    return [(fault["line"], fault["en"]) for fault in answer["faults"]]


def balance(city: City, number: str) -> int | None:
    with city.gateway.reading() as connection:
        member = city.gateway.people(connection, "").member_of(number)
    found = city.rows(f"SELECT balance_fen FROM accounts WHERE member = '{member}'")  # noqa: S608
    return found[0][0] if found else None


def entries(city: City) -> list[tuple[str, str, int]]:
    return city.rows(
        "SELECT month, rule, changed_fen FROM accruals ORDER BY account, month, number"
    )


def test_a_month_brings_two_percent_of_the_own_base_by_one_entry(city: City) -> None:
    before = balance(city, ACTIVE)
    answer = accrued(city, f"{ACTIVE},{MONTH},6543.21")
    assert (answer["accrued_count"], answer["accrued_fen"], answer["rounding"]) == (1, 13_086, "half_up")
    (rule,) = answer["rules"]
    assert (rule["rule"], rule["clause"]) == ("accounts.accrual.of_base.rows[0]", "三(三)¶2")
    assert balance(city, ACTIVE) == before + 13_086 if before is not None else None
    assert city.rows("SELECT count(*) FROM entries WHERE kind = 'ACCRUAL'") == [(1,)]
    assert city.rows("SELECT amount_fen FROM postings WHERE account = 'accrued'") == [(13_086,)]
    assert city.ask("ledger", "summary")["balanced"] is True


def test_a_month_is_brought_once(city: City) -> None:
    accrued(city, f"{ACTIVE},{MONTH},5000.00")
    with city.untouched():
        again = accrued(city, f"{ACTIVE},{MONTH},5000.00")
    assert (again["accrued_count"], again["same_count"]) == (0, 1)


def test_each_month_is_its_own(city: City) -> None:
    answer = accrued(city, f"{ACTIVE},{BEFORE},5000.00", f"{ACTIVE},{MONTH},5100.00")
    assert (answer["accrued_count"], answer["accrued_fen"]) == (2, 20_200)


@pytest.mark.parametrize(("base", "changed_fen"), [("6000.00", 2_000), ("4000.00", -2_000)])
def test_another_base_corrects_the_month_by_a_further_entry(city: City, base: str, changed_fen: int) -> None:
    accrued(city, f"{ACTIVE},{MONTH},5000.00")
    before = balance(city, ACTIVE)
    answer = accrued(city, f"{ACTIVE},{MONTH},{base}")
    assert (answer["corrected_count"], answer["corrected_fen"]) == (1, changed_fen)
    assert before is not None
    assert balance(city, ACTIVE) == before + changed_fen
    assert [changed for _, _, changed in entries(city)] == [10_000, changed_fen]
    assert city.ask("ledger", "summary")["balanced"] is True


def test_a_correction_takes_no_more_than_the_account_has(city: City) -> None:
    accrued(city, f"{EMPTY},{MONTH},5000.00")
    city.change("UPDATE accounts SET balance_fen = 100 WHERE balance_fen = 10000")
    ((line, said),) = faults(city, f"{EMPTY},{MONTH},1000.00")
    assert line == 2
    assert "takes 80.00 yuan back and the account has 1.00" in said


def test_corrections_of_several_months_take_no_more_than_the_account_has_together(city: City) -> None:
    """A look enters nothing, and still finds what entering would find."""
    accrued(city, f"{EMPTY},{BEFORE},5000.00", f"{EMPTY},{MONTH},5000.00")
    city.change("UPDATE accounts SET balance_fen = 10000 WHERE balance_fen = 20000")
    ((line, said),) = faults(city, f"{EMPTY},{BEFORE},0.00", f"{EMPTY},{MONTH},0.00")
    assert line == 3
    assert "takes 100.00 yuan back and the account has 0.00" in said
    assert accrued(city, f"{EMPTY},{BEFORE},0.00")["corrected_fen"] == -10_000


@pytest.mark.parametrize("as_json", [True, False])
def test_a_row_that_no_longer_fits_when_it_is_entered_is_named_and_the_others_are_entered(
    city: City, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    """Somebody buys between the look and the entry: what was entered is never said not to be."""
    accrued(city, f"{EMPTY},{MONTH},5000.00")
    kept = accruing._kept

    def spent_first(*arguments: Any) -> Any:
        city.change("UPDATE accounts SET balance_fen = 100 WHERE balance_fen = 10000")
        return kept(*arguments)

    monkeypatch.setattr(accruing, "_kept", spent_first)
    path = city.write("base.csv", HEADER, f"{EMPTY},{MONTH},0.00", f"{ACTIVE},{MONTH},5000.00")
    result = city.run("account", "accrue", path, *(["--json"] if as_json else []), exit_code=1)
    if as_json:
        answer = json.loads(result.stdout)
        assert (answer["entered"], answer["accrued_count"]) == (True, 1)
        assert [fault["line"] for fault in answer["faults"]] == [2]
    else:
        assert "计入 accrued 1 笔" in result.stdout
        assert "this row was not entered, and all others were" in result.stderr
        assert "nothing was entered" not in result.stderr


def test_a_check_says_what_would_be_brought_and_brings_nothing(city: City) -> None:
    with city.untouched():
        answer = accrued(city, f"{ACTIVE},{MONTH},5000.00", more=("--check",))
    assert (answer["entered"], answer["accrued_fen"]) == (False, 10_000)


def test_for_a_retiree_the_pack_must_name_the_average_pension(city: City) -> None:
    ((line, said),) = faults(city, f"{RETIRED},{MONTH},")
    assert line == 2
    assert "accounts.accrual.pension" in said


def test_a_retiree_is_brought_the_fixed_amount_and_states_no_base(city: City) -> None:
    folder = city.folder / "packs"
    folder.mkdir(exist_ok=True)
    (folder / "pension.yaml").write_text(OVERLAY, "utf-8")
    with city.config.open("a", encoding="utf-8") as file:
        file.write('\n[policy]\ndirectory = "packs"\n')
    assert accrued(city, f"{RETIRED},{MONTH},")["accrued_fen"] == 5_600
    assert "leave base_yuan empty" in faults(city, f"{RETIRED},{BEFORE},3000.00")[0][1]


def test_who_has_no_account_by_enrolment_is_brought_none(city: City) -> None:
    ((_, said),) = faults(city, f"{FLEXIBLE},{MONTH},5000.00")
    assert "no personal account" in said
    assert balance(city, FLEXIBLE) is None


def test_every_row_that_fits_nothing_is_named_and_nothing_is_brought_to_anybody(city: City) -> None:
    coming = f"{date(TODAY.year + 1, 12, 1):%Y-%m}"
    said = faults(
        city, f"{ACTIVE},{MONTH},5000.00", f"404,{MONTH},1.00", f"{ACTIVE},{coming},1.00",
        f"{ACTIVE},{BEFORE},",
    )
    assert [(line, en) for line, en in said] == [
        (3, "member_no: no member has this number"),
        (4, "month has not begun"),
        (5, "base_yuan must be the own contribution base of the month"),
    ]


def test_a_month_before_all_cover_brings_nothing(city: City) -> None:
    assert faults(city, f"{ACTIVE},2009-06,5000.00") == [(2, "the person is not insured in this month")]


def test_what_an_employer_pays_has_no_column(city: City) -> None:
    path = city.write("base.csv", f"{HEADER},employer_yuan", f"{ACTIVE},{MONTH},5000.00,400.00")
    with city.untouched():
        answer = city.ask("account", "accrue", path, exit_code=1)
    assert "the header must be" in answer["faults"][0]["en"]


def test_an_account_is_opened_for_whom_the_month_brings_something(city: City) -> None:
    row = "N1,钱进,E7654321,210300,employee,active,pooled_and_account,none,,2010-01-01,,,"
    columns = (
        "member_no,name,id_number,region,scheme,standing,enrolment,aid,conditions,covered_from,covered_to,"
        "account_yuan,account_state"
    )
    city.run("member", "import", city.write("n.csv", columns, row))
    assert accrued(city, f"N1,{MONTH},0.00")["without_count"] == 1
    assert balance(city, "N1") is None
    accrued(city, f"N1,{MONTH},5000.00")
    assert balance(city, "N1") == 10_000


def test_what_was_brought_before_the_database_failed_stays_and_is_not_brought_twice(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = Accruals.enter

    def fail_behind_the_first(self: Accruals, *arguments: Any) -> int:
        (done_count,) = self.connection.execute("SELECT count(*) FROM accruals").fetchone()
        if done_count:
            raise DatabaseFailedError("no room")
        return enter(self, *arguments)

    rows = (f"{ACTIVE},{BEFORE},5000.00", f"{ACTIVE},{MONTH},5000.00")
    path = city.write("base.csv", HEADER, *rows)
    with monkeypatch.context() as patch:
        patch.setattr(Accruals, "enter", fail_behind_the_first)
        result = city.run("account", "accrue", path, exit_code=1)
    assert "What was entered stays" in result.stderr
    answer = accrued(city, *rows)
    assert (answer["same_count"], answer["accrued_count"]) == (1, 1)


def test_the_page_names_rule_clause_and_rounding(city: City) -> None:
    path = city.write("base.csv", HEADER, f"{ACTIVE},{MONTH},5000.00")
    text = city.run("account", "accrue", path, "--check").stdout
    assert "accounts.accrual.of_base.rows[0]〔三(三)¶2〕: 1 笔 100.00 元 yuan" in text
    assert "rounded half-up" in text
    assert "Checked only" in text
