"""The importers: all of a file or nothing, with every bad row by line and reason."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from medsettle_gateway.storage.batches import BATCH_ROWS
from tests.gateway.cli.city import City, on_both_stores

pytestmark = on_both_stores

ROOT = Path(__file__).parents[3]
MEMBERS = (
    "member_no,name,id_number,region,scheme,standing,enrolment,aid,conditions,covered_from,covered_to,"
    "account_yuan,account_state"
)
ITEMS = "code,name,kind,class,self_pay_share,ceiling_yuan,ward,valid_from,valid_to"
PLACES = "code,name,region,kind,level,specialty,designations,state"


def member(number: object, name: str = "钱进", account: str = "10.00,active") -> str:
    return f"{number},{name},E12345678,210300,employee,active,pooled_and_account,none,,2010-01-01,,{account}"


def test_a_good_file_is_entered_and_counted(city: City) -> None:
    path = city.write("m.csv", MEMBERS, member(1), member(2, account=","))
    ties = city.write("f.csv", "member_no,payer_member_no,relation", "2,1,parent", "2,2103000001,spouse")
    answer = city.ask("member", "import", path, "--families", ties)
    assert answer["entered"] is True
    assert (answer["members"]["new_count"], answer["families"]["new_count"]) == (2, 2)
    assert city.ask("ledger", "summary")["balanced"] is True


def test_bad_rows_are_listed_in_both_languages_and_nothing_is_entered(city: City) -> None:
    path = city.write("m.csv", MEMBERS, member(1), member(2, account="10,active"), member(1))
    with city.untouched():
        result = city.run("member", "import", path, exit_code=1)
    first, second = result.stderr.splitlines()[:2]
    assert first.startswith("第3行: account_yuan 应为两位小数的金额")
    assert "Line 3: account_yuan must be yuan with two places" in first
    assert "Line 4: member_no stands on line 2 already" in second
    assert "nothing was entered" in result.stderr


def test_a_program_gets_every_fault_as_data(city: City) -> None:
    path = city.write("m.csv", MEMBERS, *(member(number, name="") for number in range(60)))
    answer = city.ask("member", "import", path, exit_code=1)
    assert answer["entered"] is False
    assert [fault["line"] for fault in answer["faults"]] == list(range(2, 62))
    assert "10 more; --json lists them all" in city.run("member", "import", path, exit_code=1).stderr


def test_a_tie_to_nobody_keeps_the_members_of_the_same_command_out(city: City) -> None:
    path = city.write("m.csv", MEMBERS, member(1))
    ties = city.write("f.csv", "member_no,payer_member_no,relation", "1,404,parent")
    with city.untouched():
        result = city.run("member", "import", path, "--families", ties, exit_code=1)
    assert "Line 2: payer_member_no: no member has this number" in result.stderr


def test_every_bad_row_of_members_and_families_is_listed_at_once_with_its_file(city: City) -> None:
    city.run("member", "import", city.write("first.csv", MEMBERS, member(1)))
    path = city.write("m.csv", MEMBERS, member(1, account="20.00,active"))
    ties = city.write(
        "f.csv", "member_no,payer_member_no,relation", "1,404,parent", "1,2103000001,cousin", "1,405,spouse"
    )
    with city.untouched():
        answer = city.ask("member", "import", path, "--families", ties, exit_code=1)
        text = city.run("member", "import", path, "--families", ties, exit_code=1).stderr
    assert [(fault["file"], fault["line"]) for fault in answer["faults"]] == [
        ("m.csv", 2), ("f.csv", 2), ("f.csv", 3), ("f.csv", 4)
    ]
    assert "f.csv 第3行: relation" in text
    assert "f.csv, line 4: payer_member_no: no member has this number" in text


def test_bad_members_are_listed_with_the_bad_rows_of_the_families_file(city: City) -> None:
    path = city.write("m.csv", MEMBERS, member(1, name=""))
    ties = city.write("f.csv", "member_no,payer_member_no,relation", "1,1,parent", "1,2103000001,spouse")
    with city.untouched():
        answer = city.ask("member", "import", path, "--families", ties, exit_code=1)
    assert [(fault["file"], fault["line"]) for fault in answer["faults"]] == [("m.csv", 2), ("f.csv", 2)]


@pytest.mark.parametrize(("count", "said"), [(1, "\n1 fault; nothing"), (2, "\n2 faults; nothing")])
def test_one_fault_is_counted_as_one(city: City, count: int, said: str) -> None:
    path = city.write("m.csv", MEMBERS, *(member(number, name="") for number in range(count)))
    assert said in city.run("member", "import", path, exit_code=1).stderr


def test_what_is_entered_for_a_region_without_a_policy_pack_comes_with_a_warning(city: City) -> None:
    rows = [f"P{region},药店,{region},pharmacy,none,general,basic,active" for region in (210300, 999999)]
    here, there = city.write("here.csv", PLACES, rows[0]), city.write("there.csv", PLACES, *rows)
    assert city.run("institution", "import", here).stderr == ""
    assert "region 999999 has no policy pack yet" in city.run("institution", "import", there).stderr
    items = city.write("c.csv", ITEMS, "X1,新药,drug,A,,,,2026-01-01,")
    assert city.run("catalogue", "import", items, "--region", "210300").stderr == ""
    result = city.run("catalogue", "import", items, "--region", "999999")
    assert "统筹区 999999 还没有政策包" in result.stderr


def test_a_check_says_what_would_be_entered_and_enters_nothing(city: City) -> None:
    path = city.write("m.csv", MEMBERS, member(1))
    with city.untouched():
        answer = city.ask("member", "import", path, "--check")
    assert (answer["entered"], answer["members"]["new_count"]) == (False, 1)


def test_an_import_that_is_killed_in_the_middle_has_entered_nothing(city: City) -> None:
    path = city.write("m.csv", MEMBERS, *map(member, range(200)))
    command = [sys.executable, "-m", "tests.gateway.cli.importer_process", "member", "import", path]
    command += ["--config", str(city.config)]
    pipe = subprocess.PIPE
    with city.untouched(), subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        process.kill()
    assert city.ask("member", "import", path)["members"]["new_count"] == 200


def test_an_import_beside_another_writer_gives_up_with_a_clear_sentence(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDSETTLE_GATEWAY__LIMITS__STORE_BUSY_MS", "10")
    path = city.write("m.csv", MEMBERS, member(1))
    with city.gateway.writing(keep=False):
        result = city.run("member", "import", path, exit_code=1)
    assert "nothing was changed (" in result.stderr
    assert re.search("database is locked|lock timeout", result.stderr)


def test_more_rows_than_one_batch_are_entered_and_balance(city: City) -> None:
    numbers = range(BATCH_ROWS * 2 + 1)
    path = city.write("m.csv", MEMBERS, *map(member, numbers))
    before = city.ask("ledger", "summary")
    assert city.ask("member", "import", path)["members"]["new_count"] == len(numbers)
    after = city.ask("ledger", "summary")
    assert after["balanced"] is True
    assert after["entry_count"] - before["entry_count"] == len(numbers)
    assert after["accounts"]["balance_fen"] - before["accounts"]["balance_fen"] == 1_000 * len(numbers)


def test_institutions_are_imported(city: City) -> None:
    path = city.write(
        "i.csv", PLACES, "P9,新药店,210300,pharmacy,none,general,basic,active",
        "P21030200101,康宁大药房铁东店,210300,pharmacy,none,general,basic,suspended",
    )
    answer = city.ask("institution", "import", path)["institutions"]
    assert (answer["new_count"], answer["changed_count"]) == (1, 1)
    assert city.rows("SELECT code FROM institutions WHERE state = 'suspended'") == [("P21030200101",)]


def test_a_catalogue_is_replaced_by_its_file(city: City) -> None:
    path = city.write("c.csv", ITEMS, "X1,新药,drug,B,0.10,12.50,,2026-01-01,")
    answer = city.ask("catalogue", "import", path, "--region", "210300")["catalogue"]
    assert (answer["new_count"], answer["removed_count"]) == (1, 47)
    other = city.write("d.csv", ITEMS, "X2,新药,drug,A,,,,2026-01-01,")
    assert "删除 1 removed" in city.run("catalogue", "import", other, "--region", "210300").stdout


def test_a_catalogue_of_a_region_that_is_none_is_refused(city: City) -> None:
    path = city.write("c.csv", ITEMS)
    result = city.run("catalogue", "import", path, "--region", "2103", exit_code=2)
    assert "must be a pooling region code of six digits" in result.stderr


def test_a_year_is_imported_once(city: City) -> None:
    header = "member_no,year,counter,measure,amount_yuan"
    first = city.write("y.csv", header, "2103000001,2026,general_outpatient,paid,12.00")
    other = city.write("z.csv", header, "2103000001,2026,general_outpatient,paid,13.00")
    assert city.ask("member", "import-year", first)["years"]["new_count"] == 1
    assert city.ask("member", "import-year", first)["years"]["same_count"] == 1
    with city.untouched():
        result = city.run("member", "import-year", other, exit_code=1)
    assert "is not the 12.00 that was entered before" in result.stderr


def test_a_family_tie_ends(city: City) -> None:
    assert city.ask("member", "unbind", "2103000006", "2103000005") == {"unbound": True}
    result = city.run("member", "unbind", "2103000006", "2103000005", exit_code=1)
    assert "There is no family tie" in result.stderr


DOUBTFUL = (
    "8,钱进,210302198503021239,210300,employee,active,pooled_and_account,none,hypertenson,2010-01-01,,,,1999-01-01"
)


def test_a_doubtful_row_is_entered_and_named(city: City) -> None:
    path = city.write("m.csv", f"{MEMBERS},born_on", f"{member(7)},1990-01-01", DOUBTFUL)
    said = city.run("member", "import", path).stderr
    assert "第2行" not in said
    asked = "no policy of region 210300 asks for hypertenson (did you mean hypertension?)"
    assert f"line 3: conditions: {asked}" in said
    assert "第3行: born_on 与身份证号码中的出生日期不同" in said
    assert city.ask("member", "show", "8")["conditions"] == ["hypertenson"]


def test_where_that_is_asked_for_a_doubtful_row_is_a_fault(city: City) -> None:
    path = city.write("m.csv", f"{MEMBERS},born_on", DOUBTFUL)
    with city.untouched():
        said = city.run("member", "import", path, "--strict", exit_code=1).stderr
    assert "Line 2: born_on is not the day in the identity number" in said
    fine = city.write("n.csv", MEMBERS, member(9))
    assert city.ask("member", "import", fine, "--strict")["entered"] is True
