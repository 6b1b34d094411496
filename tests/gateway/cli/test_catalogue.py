"""Catalogues by versions, and where a pack was sold, at the command line."""

from datetime import UTC, datetime

from medsettle_gateway.domain.moves import ReturnCodes, SellCodes
from medsettle_gateway.domain.tracing import TracedCode
from medsettle_gateway.storage.facts import write
from tests.gateway.cli.city import City, on_both_stores

pytestmark = on_both_stores

REGION = ("--region", "210300")
ITEMS = "code,name,kind,class,self_pay_share,ceiling_yuan,ward,valid_from,valid_to"
BLOOD = "002501010150000-250101015"
CODE = "81234567890123456789"
AT = datetime(2026, 7, 2, 4, 0, tzinfo=UTC)


def entered(city: City, *rows: str, header: str = ITEMS) -> None:
    city.run("catalogue", "import", city.write("c.csv", header, *rows), *REGION)


def test_a_check_lists_what_would_change_and_enters_nothing(city: City) -> None:
    entered(city, "X1,旧药,drug,A,,,,2026-01-01,", "X2,要停的药,drug,A,,,,2026-01-01,")
    path = city.write("d.csv", ITEMS, "X1,旧药,drug,B,0.10,,,2026-01-01,", "X3,新药,drug,A,,,,2026-01-01,")
    with city.untouched():
        said = city.run("catalogue", "import", path, *REGION, "--check").stdout
        plain = city.ask("catalogue", "import", path, *REGION, "--check")
    assert "更改 changed: X1 旧药 2026-01-01: 目录等级/class A → B; " in said
    assert "先行自付比例/share before the deductible 无 → 0.10" in said
    assert "新增 new: X3 新药" in said
    assert "删除 removed: X2 要停的药" in said
    assert [(each["code"], each["change"]) for each in plain["changes"]] == [
        ("X1", "changed"), ("X2", "removed"), ("X3", "new"),
    ]
    assert plain["entered"] is False


def test_of_many_changes_the_first_of_each_kind_are_listed_and_the_rest_counted(city: City) -> None:
    rows = [f"N{number:03},药,drug,A,,,,2026-01-01," for number in range(30)]
    path = city.write("many.csv", ITEMS, *rows)
    said = city.run("catalogue", "import", path, *REGION, "--check").stdout
    assert said.count("新增 new: N") == 20
    assert "新增 new: 另有 10 项 / 10 more (--json)" in said


def test_an_item_is_shown_as_it_is_on_a_day_with_all_that_became_of_it(city: City) -> None:
    entered(city, "X1,药,drug,A,,,,2026-01-01,2026-06-30", "X1,药,drug,B,0.10,,,2026-07-01,")
    entered(
        city, "X1,药,drug,A,,,,2026-01-01,2026-06-30,female,限妇女,no",
        header=f"{ITEMS},sex,clause,traced",
    )
    days = ("2026-06-15", "2026-07-15")
    june, july = (city.ask("catalogue", "show", "X1", *REGION, "--on", day) for day in days)
    assert (june["item"]["class"], june["item"]["sex"], june["item"]["traced"]) == ("A", "female", "no")
    assert july["item"] is None
    assert [(each["version"], each["item"] is None) for each in june["history"]] == [
        (2, False), (3, False), (2, False), (3, True),
    ]
    page = city.run("catalogue", "show", "X1", *REGION, "--on", "2026-06-15").stdout
    assert "限性别 / sex" in page
    assert "删除 removed" in page


def test_a_code_that_was_never_there_is_said_to_be_so(city: City) -> None:
    said = city.run("catalogue", "show", "NONE", *REGION, exit_code=1).stderr
    assert "never in the region's catalogue" in said


def test_versions_are_listed_with_their_files_the_latest_first(city: City) -> None:
    entered(city, "X1,药,drug,A,,,,2026-01-01,")
    entered(city, "X1,药,drug,A,,,,2026-01-01,")
    versions = city.ask("catalogue", "versions", *REGION)["versions"]
    assert [(each["version"], each["item_count"], each["source"]) for each in versions] == [
        (2, 1, "c.csv"), (1, 47, "catalogue.csv"),
    ]
    assert "来源 / source" in city.run("catalogue", "versions", *REGION).stdout
    assert city.run("catalogue", "versions", "--region", "999999", exit_code=1).stderr


def test_old_files_without_the_columns_keep_what_is_known(city: City) -> None:
    before = city.ask("catalogue", "show", "T000100163", *REGION)["item"]
    assert before["traced"] == "no"
    entered(city, "T000100163,中药饮片,drug,A,,,,2022-01-01,")
    assert city.ask("catalogue", "show", "T000100163", *REGION)["item"] == before


def sold(city: City, request_id: str, *, back: bool = False) -> None:
    codes = (TracedCode(CODE, BLOOD),)
    moves = ReturnCodes(request_id, codes, AT) if back else SellCodes(request_id, "H1", codes, AT)
    with city.gateway.writing() as connection:
        write(connection, city.gateway.sealer, [moves])


def test_a_pack_that_was_sold_says_where_when_and_by_which_sale(city: City) -> None:
    sold(city, "H1-T1-20260702-1-1")
    found = city.ask("trace", CODE)
    assert found["sold"] == {
        "institution": "H1", "request_id": "H1-T1-20260702-1-1", "sold_at": "2026-07-02T12:00:00+08:00",
        "split": False, "standing_count": 1,
    }
    page = city.run("trace", CODE).stdout
    assert "售出机构 / sold at" in page
    assert "售出 sold  H1-T1-20260702-1-1" in page


def test_a_pack_that_came_back_may_be_sold_and_its_way_stays_readable(city: City) -> None:
    sold(city, "H1-T1-20260702-1-1")
    sold(city, "H1-T1-20260702-1-1", back=True)
    found = city.ask("trace", CODE)
    assert (found["sold"], [each["sold"] for each in found["events"]]) == (None, [False, True])
    assert "it may be sold" in city.run("trace", CODE).stdout


def test_a_code_that_nobody_sold_is_not_known(city: City) -> None:
    assert "没有记录" in city.run("trace", "8000000").stdout
    assert city.run("trace", "x" * 65, exit_code=2).stderr
