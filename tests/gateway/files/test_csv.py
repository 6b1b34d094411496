"""Tables: every bad row is listed with its line and reason, and then nothing of the file is given out."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from medsettle_gateway.domain.basket import CatalogueClass
from medsettle_gateway.domain.goods import Terms
from medsettle_gateway.domain.member import Sex
from medsettle_gateway.domain.place import Level
from medsettle_gateway.domain.register import Fault, InstitutionRecord
from medsettle_gateway.files import csv
from medsettle_gateway.files.csv import Columns, Table, TableError
from medsettle_gateway.files.goods import CATALOGUE
from medsettle_gateway.files.registers import (
    ATTRIBUTES,
    FAMILIES,
    INSTITUTIONS,
    MEMBERS,
    YEARS,
)

HEADER = "code,name,region,kind,level,specialty,designations,state"
ROW = "H1,第一门诊部,210300,clinic,primary,general,basic,active"
MEMBER_HEADER = (
    "member_no,name,id_number,region,scheme,standing,enrolment,aid,conditions,covered_from,covered_to,"
    "account_yuan,account_state"
)
ITEM_HEADER = "code,name,kind,class,self_pay_share,ceiling_yuan,ward,valid_from,valid_to"
MEMBER = (
    "1,张伟,210399198504120019,210300,employee,active,pooled_and_account,none,,2010-01-01,,1000.00,active"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def table(path: Path, columns: Columns[InstitutionRecord] = INSTITUTIONS) -> Table[InstitutionRecord]:
    return Table(path, columns, 100_000, 1_000)


def faults_of(
    text: str | bytes, path: Path, columns: Columns[InstitutionRecord] = INSTITUTIONS
) -> list[Fault]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TableError) as refused:
        table(path, columns).check()
    return list(refused.value.faults)


def fault_of(row: str, header: str, columns: Columns[InstitutionRecord], path: Path) -> Fault:
    (fault,) = faults_of(f"{header}\n{row}\n", path, columns)
    assert fault.line == 2
    return fault


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_is_read_in_the_encodings_that_operators_have(path: Path, encoding: str, end: str) -> None:
    path.write_bytes(end.join([HEADER, ROW, ""]).encode(encoding))
    assert table(path).check() == 1
    ((line, record),) = table(path).rows()
    assert (line, record.name, record.code) == (2, "第一门诊部", "H1")


def test_columns_may_stand_in_another_order_and_cells_have_space_around_them(path: Path) -> None:
    names = HEADER.split(",")
    path.write_text(",".join(reversed(names)) + "\n" + " , ".join(reversed(ROW.split(","))) + "\n", "utf-8")
    ((_, record),) = table(path).rows()
    assert (record.code, record.region) == ("H1", "210300")


def test_empty_lines_are_passed_over_and_counted(path: Path) -> None:
    faults = faults_of(f"{HEADER}\n\n{ROW}\n,,,,,,,\n\nbad,row\n", path)
    assert [fault.line for fault in faults] == [6]


def test_a_line_number_is_that_of_the_first_line_of_a_row_in_quotes(path: Path) -> None:
    two_lines = ROW.replace("第一门诊部", '"第一\n门诊部"')
    faults = faults_of(f"{HEADER}\n{ROW}\n{two_lines}\nH3,x\n", path)
    assert [fault.line for fault in faults] == [3, 5]


def test_every_fault_of_a_file_is_listed_at_once(path: Path) -> None:
    rows = [
        ROW,
        "H2,,21030,clinic,primary,general,basic,active",
        "H3,名,210300,shop,primary,general,basic,closed",
        "H4,名,210300,clinic,primary,general,,active",
        "H1,名,210300,clinic,primary,general,basic,active",
        "H5,名,210300",
    ]
    faults = faults_of("\n".join([HEADER, *rows]), path)
    assert [fault.line for fault in faults] == [3, 3, 4, 4, 5, 6, 7]
    named = [fault.en.split()[0] for fault in faults[:5]]
    assert named == ["name", "region", "kind", "state", "designations"]
    assert faults[5].en == "code stands on line 2 already"
    assert all(max(fault.zh) >= "\u4e00" for fault in faults)


@pytest.mark.parametrize(
    ("content", "en"),
    [
        (b"", "the header must be"),
        (b"code,name\n1,2\n", "the header must be"),
        (f"{HEADER},extra\n{ROW},1\n".encode(), "the header must be"),
        (f"{HEADER}\n".encode(), "no rows"),
        (f"{HEADER}\n{ROW}\n".encode("utf-16"), "neither in UTF-8 nor in GB18030"),
        (b"\xff\xff\xff", "neither in UTF-8 nor in GB18030"),
        (HEADER.encode() + b"\n" + b"\0" * 5, "neither in UTF-8 nor in GB18030"),
        (f'{HEADER}\n"H1"x,{ROW}\n'.encode(), "not well-formed CSV"),
        (f'{HEADER}\n"{ROW}\n'.encode(), "not well-formed CSV"),
        (b"x" * 100_001, "larger than 100000 bytes"),
        (f"{HEADER}\n".encode() + b"H,n,2,c,p,g,b,a\n" * 1_001, "more than 1000 rows"),
    ],
    ids=range(11),
)
def test_a_file_that_is_no_table_is_refused(path: Path, content: bytes, en: str) -> None:
    assert any(en in fault.en for fault in faults_of(content, path))


def test_a_file_that_is_not_there_is_refused(path: Path) -> None:
    with pytest.raises(TableError, match="cannot be read"):
        table(path).check()


def test_a_file_of_nothing_but_faults_is_not_listed_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv, "FAULTS_MOST", 10)
    assert len(faults_of(HEADER + "\nbad" * 50, path)) == 10


def test_rows_are_not_given_out_beyond_a_fault(path: Path) -> None:
    path.write_text(f"{HEADER}\n{ROW}\nbad\n", "utf-8")

    def read() -> Iterator[int]:
        for line, _ in table(path).rows():
            yield line

    lines = read()
    assert next(lines) == 2
    with pytest.raises(TableError):
        next(lines)


@pytest.mark.parametrize(
    ("old", "new", "en"),
    [
        ("210399198504120019", "210399198504120018", "id_number has a wrong check character"),
        ("210399198504120019", "12", "id_number must be an identity number"),
        ("210300", "2103", "region must be a pooling region code"),
        ("employee", "civil", "scheme must be one of employee, resident"),
        ("active,pooled", "minor,pooled", "standing does not fit the scheme"),
        (",none,", ",rich,", "aid must be one of"),
        ("none,,", "none,Diabetes,", "conditions must be lower-case ids"),
        ("none,,", "none,diabetes;diabetes,", "conditions names an id twice"),
        ("2010-01-01", "2010-1-1", "covered_from must be a date"),
        ("2010-01-01", "2010-02-30", "covered_from must be a date"),
        ("2010-01-01,", "2010-01-01,2009-01-01", "covered_to is before covered_from"),
        ("1000.00", "1000", "account_yuan must be yuan with two places"),
        ("1000.00", "-1.00", "account_yuan must be yuan with two places"),
        ("1000.00", "1,000.00".replace(",", "，"), "account_yuan must be yuan with two places"),
        ("1000.00,active", "1000.00,", "both be filled or both be empty"),
        ("1000.00,active", "1000.00,closed", "account_state must be one of"),
        ("张伟", "", "name must be 1 to 100 printable"),
        ("张伟", "张\u200b伟", "name must be 1 to 100 printable"),
    ],
)
def test_a_bad_cell_of_a_member_is_named_and_never_repeated(path: Path, old: str, new: str, en: str) -> None:
    fault = fault_of(MEMBER.replace(old, new, 1), MEMBER_HEADER, MEMBERS, path)  # type: ignore[arg-type]
    assert en in fault.en
    assert "张伟" not in fault.en + fault.zh
    assert "2103991985" not in fault.en + fault.zh


@pytest.mark.parametrize(
    ("columns", "header", "row", "en"),
    [
        (FAMILIES, "member_no,payer_member_no,relation", "1,1,parent", "no relative of oneself"),
        (FAMILIES, "member_no,payer_member_no,relation", "1,2,self", "cannot be self"),
        (FAMILIES, "member_no,payer_member_no,relation", "1,2,uncle", "must be one of self, spouse"),
        (YEARS, "member_no,year,counter,measure,amount_yuan", "1,26,general_outpatient,paid,1.00", "year"),
        (YEARS, "member_no,year,counter,measure,amount_yuan", "1,2026,X,paid,1.00", "counter must be"),
        (YEARS, "member_no,year,counter,measure,amount_yuan", "1,2026,x,used,1.00", "paid, borne, banded"),
    ],
)
def test_a_bad_row_of_a_family_or_a_year_is_refused(
    path: Path, columns: Columns[InstitutionRecord], header: str, row: str, en: str
) -> None:
    assert en in fault_of(row, header, columns, path).en


@pytest.mark.parametrize(
    ("row", "en"),
    [
        ("X 1,名,drug,A,,,,2022-01-01,", "code must be 1 to 32"),
        ("X1,名,pill,A,,,,2022-01-01,", "kind must be one of"),
        ("X1,名,drug,D,,,,2022-01-01,", "class must be one of A, B, C"),
        ("X1,名,drug,B,1.5,,,2022-01-01,", "self_pay_share must be a share from 0 to 1"),
        ("X1,名,drug,B,,1.2345678,,2022-01-01,", "ceiling_yuan must be a unit price"),
        ("X1,名,drug,A,,,ordinary,2022-01-01,", "only a bed has a ward"),
        ("X1,名,drug,A,,,,2022-01-01,2021-01-01", "valid_to is before valid_from"),
    ],
)
def test_a_bad_item_is_refused(path: Path, row: str, en: str) -> None:
    assert en in fault_of(row, ITEM_HEADER, CATALOGUE, path).en  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "classes"),
    [
        ("", ()),
        ("township=C", (("township", CatalogueClass.C),)),
        ("township=C child=A", (("child", CatalogueClass.A), ("township", CatalogueClass.C))),
    ],
)
def test_an_item_may_stand_otherwise_in_other_lists(
    path: Path, cell: str, classes: tuple[tuple[str, CatalogueClass], ...]
) -> None:
    path.write_text(f"{ITEM_HEADER},classes\nX1,名,drug,A,,,,2022-01-01,,{cell}\n", "utf-8")
    ((_, record),) = Table(path, CATALOGUE, 100_000, 1_000).rows()
    assert (record.item.classes, record.keeps_classes) == (classes, False)


TERMS_HEADER = "levels,sex,age_from,age_to,days_supply_most,clause,traced,dual_channel,price_most_yuan"


def test_an_item_is_sold_on_the_terms_that_its_columns_say(path: Path) -> None:
    row = "X1,名,drug,B,0.10,,,2022-01-01,,secondary;tertiary,female,18,60,30,限妇女,no,yes,12.34"
    path.write_text(f"{ITEM_HEADER},{TERMS_HEADER}\n{row}\n", "utf-8")
    ((_, record),) = Table(path, CATALOGUE, 100_000, 1_000).rows()
    assert record.item.terms == Terms(
        levels=(Level.SECONDARY, Level.TERTIARY), sex=Sex.FEMALE, age_from=18, age_to=60, days_supply_most=30,
        clause="限妇女", traced=False, dual_channel=True, price_most_micro=12_340_000,
    )
    assert record.keeps == ()


def test_empty_cells_bind_nobody_and_columns_that_are_not_there_keep_what_is_known(path: Path) -> None:
    path.write_text(f"{ITEM_HEADER},levels,traced\nX1,名,drug,A,,,,2022-01-01,,,\n", "utf-8")
    ((_, record),) = Table(path, CATALOGUE, 100_000, 1_000).rows()
    assert record.item.terms == Terms()
    assert record.keeps == (
        "sex", "age_from", "age_to", "days_supply_most", "clause", "dual_channel", "price_most_micro"
    )


@pytest.mark.parametrize(
    ("column", "cell", "en"),
    [
        ("levels", "third", "levels must be one of primary"),
        ("sex", "w", "sex must be one of male, female"),
        ("age_from", "-1", "age_from must be a whole number from 0 to 150"),
        ("age_to", "151", "age_to must be a whole number"),
        ("days_supply_most", "0", "days_supply_most must be a whole number from 1 to 366"),
        ("traced", "maybe", "traced must be yes or no"),
        ("dual_channel", "1", "dual_channel must be yes or no"),
        ("clause", "x" * 201, "clause has up to 200 printable characters"),
        ("price_most_yuan", "12,3", "price_most_yuan must be a unit price"),
    ],
)
def test_terms_that_cannot_be_read_are_refused(path: Path, column: str, cell: str, en: str) -> None:
    row = f'X1,名,drug,A,,,,2022-01-01,,"{cell}"'
    assert en in fault_of(row, f"{ITEM_HEADER},{column}", CATALOGUE, path).en  # type: ignore[arg-type]


def test_an_age_to_that_is_before_the_age_from_is_refused(path: Path) -> None:
    row = "X1,名,drug,A,,,,2022-01-01,,60,18"
    fault = fault_of(row, f"{ITEM_HEADER},age_from,age_to", CATALOGUE, path)  # type: ignore[arg-type]
    assert "age_to is less than age_from" in fault.en


@pytest.mark.parametrize("cell", ["township", "township=D", "Town=C", "child=A child=B", "child=A;town=B"])
def test_classes_that_cannot_be_read_are_refused(path: Path, cell: str) -> None:
    row = f"X1,名,drug,A,,,,2022-01-01,,{cell}"
    fault = fault_of(row, f"{ITEM_HEADER},classes", CATALOGUE, path)  # type: ignore[arg-type]
    assert "classes must be as in township=C" in fault.en


@pytest.mark.parametrize(
    ("column", "cell", "born_on", "keeps"),
    [
        (",born_on", ",1985-04-12", date(1985, 4, 12), False),
        (",born_on", ",", None, False),
        ("", "", None, True),
    ],
    ids=["a day", "an empty cell", "no column"],
)
def test_a_column_that_is_left_out_is_no_column_of_empty_cells(
    path: Path, column: str, cell: str, born_on: date | None, keeps: bool
) -> None:
    path.write_text(f"{MEMBER_HEADER}{column}\n{MEMBER}{cell}\n", "utf-8")
    ((_, record),) = Table(path, MEMBERS, 100_000, 1_000).rows()
    assert (record.born_on, record.keeps_born_on) == (born_on, keeps)


@pytest.mark.parametrize(("column", "cell", "keeps"), [(",classes", ",", False), ("", "", True)])
def test_an_item_without_the_column_of_classes_keeps_them(
    path: Path, column: str, cell: str, keeps: bool
) -> None:
    path.write_text(f"{ITEM_HEADER}{column}\nX1,名,drug,A,,,,2022-01-01,{cell}\n", "utf-8")
    ((_, record),) = Table(path, CATALOGUE, 100_000, 1_000).rows()
    assert (record.item.classes, record.keeps_classes) == ((), keeps)


def test_a_header_that_is_wrong_hears_which_columns_may_be_left_out(path: Path) -> None:
    (fault,) = faults_of("code\n", path, MEMBERS)  # type: ignore[arg-type]
    assert fault.en.endswith("account_state; there may be: born_on,social_card_no,phone")
    assert "可另有:born_on" in fault.zh


@pytest.mark.parametrize(("header", "zh", "en"), [
    (HEADER.replace("level", "grade"), "缺少 level;第 5 (grade) 列不认识或重复;表头应为",
     "level missing; not known, or there twice: column 5 (grade); the header must be"),
    (f"{HEADER},,备注", "第 9, 10 列不认识或重复;", "not known, or there twice: column 9, 10;"),
    (f"{HEADER},name", "第 9 (name) 列不认识或重复;", "not known, or there twice: column 9 (name);"),
    ("张伟,210399198504120019", "表头应为", "the header must be"),
])
def test_a_header_that_is_wrong_hears_what_is_wrong(path: Path, header: str, zh: str, en: str) -> None:
    (fault,) = faults_of(f"{header}\n{ROW}\n", path)
    assert fault.zh.startswith(zh)
    assert fault.en.startswith(en)
    assert "张伟" not in fault.en
    assert "2103" not in fault.en


def test_a_cell_in_wide_characters_is_told_to_be_written_in_narrow_ones(path: Path) -> None:
    wide = MEMBER.replace("210399198504120019", "２１０３９９１９８５０４１２００１９", 1)
    fault = fault_of(wide, MEMBER_HEADER, MEMBERS, path)  # type: ignore[arg-type]
    assert fault.zh.endswith(";其中有全角字符,请改为半角")
    assert "write narrow ones" in fault.en


def test_an_institution_without_any_designation_says_so(path: Path) -> None:
    path.write_text(f"{HEADER}\n{ROW.replace('basic', 'none')}\n", "utf-8")
    ((_, record),) = table(path).rows()
    assert record.place.designations == ()


@pytest.mark.parametrize(
    ("row", "en"),
    [
        ("1,tier,low,2024-01-01,2023-01-01", "to is before from"),
        ("1,Tier,low,2024-01-01,", "name must be a lower-case id"),
        ("1,tier,Low,2024-01-01,", "value must be 1 to 40 small letters"),
        ("1,tier,low,,", "from must be a date"),
    ],
)
def test_a_bad_attribute_is_refused(path: Path, row: str, en: str) -> None:
    header = "member_no,name,value,from,to"
    assert en in fault_of(row, header, ATTRIBUTES, path).en  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["P" * 21, "p1", "P-1", "药店1"])
def test_an_institution_whose_code_no_request_id_can_hold_is_refused(path: Path, code: str) -> None:
    [fault] = faults_of(f"{HEADER}\n{ROW.replace('H1', code)}\n", path)
    assert fault == Fault(2, "code 应为1至20位大写字母或数字", "code must be 1 to 20 of A-Z and 0-9")
