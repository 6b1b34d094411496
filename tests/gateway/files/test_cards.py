"""Members with social cards and phones, and the people of a simulated service, as files have them."""

from pathlib import Path

import pytest

from medsettle_gateway.domain.credential import CodeHolder
from medsettle_gateway.domain.register import MemberRecord
from medsettle_gateway.files.csv import Columns, Table, TableError
from medsettle_gateway.files.registers import CODES, MEMBERS

HEADER = (
    "member_no,name,id_number,region,scheme,standing,enrolment,aid,conditions,covered_from,covered_to,"
    "account_yuan,account_state"
)
ROW = "2103000001,张伟,210399198504120019,210300,employee,active,pooled_and_account,none,,2010-01-01,,,"


def table(folder: Path, columns: Columns[object], *lines: str) -> Table[object]:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return Table(path, columns, 10_000, 100)


def member(folder: Path, more: str, cells: str) -> MemberRecord:
    read = table(folder, MEMBERS, HEADER + more, ROW + cells)  # type: ignore[arg-type]  # of one kind or another
    ((_, record),) = read.rows()
    assert isinstance(record, MemberRecord)
    return record


def test_a_card_and_a_phone_are_read_and_stand_in_no_text(tmp_path: Path) -> None:
    record = member(tmp_path, ",social_card_no,phone", ",a21030001,13912345678")
    assert (record.social_card_no, record.phone) == ("A21030001", "13912345678")
    assert (record.keeps_social_card, record.keeps_phone) == (False, False)
    assert "A21030001" not in repr(record)
    assert "13912345678" not in repr(record)


def test_an_empty_cell_is_none_and_a_missing_column_leaves_what_is_known(tmp_path: Path) -> None:
    empty = member(tmp_path, ",social_card_no,phone", ",,")
    assert (empty.social_card_no, empty.keeps_social_card, empty.keeps_phone) == ("", False, False)
    missing = member(tmp_path, "", "")
    assert (missing.keeps_social_card, missing.keeps_phone) == (True, True)


@pytest.mark.parametrize(("column", "cell"), [
    ("social_card_no", "12345"), ("social_card_no", "A-1234567"), ("social_card_no", "A" * 33),
    ("phone", "12345"), ("phone", "call me"), ("phone", "1" * 21),
])
def test_what_is_no_card_and_no_phone_is_a_fault_that_repeats_nothing(
    tmp_path: Path, column: str, cell: str
) -> None:
    read = table(tmp_path, MEMBERS, f"{HEADER},{column}", f"{ROW},{cell}")  # type: ignore[arg-type]
    with pytest.raises(TableError) as raised:
        read.check()
    (fault,) = raised.value.faults
    assert (fault.line, fault.en.partition(" ")[0]) == (2, column)
    assert cell not in fault.en
    assert cell not in fault.zh


def test_the_people_of_a_simulated_service_are_read(tmp_path: Path) -> None:
    read = table(
        tmp_path, CODES, "code,id_number,name,region",  # type: ignore[arg-type]
        "ec-1,210399198504120019,张伟,210300", "CITY:1,210399195609030024,李桂兰,210304",
    )
    assert read.check() == 2
    assert [record for _, record in read.rows()] == [
        CodeHolder("ec-1", "210399198504120019", "张伟", "210300"),
        CodeHolder("CITY:1", "210399195609030024", "李桂兰", "210304"),
    ]


@pytest.mark.parametrize("row", [
    "ec 1,210399198504120019,张伟,210300", "ec-1,210399198504120018,张伟,210300",
])
def test_a_code_that_no_scanner_reads_and_a_wrong_number_are_faults(tmp_path: Path, row: str) -> None:
    with pytest.raises(TableError):
        table(tmp_path, CODES, "code,id_number,name,region", row).check()  # type: ignore[arg-type]
