"""A block stands for every column of every row that it covers, and for all blocks before it."""

import hashlib
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medsettle_gateway.ledger.chain import (
    Block,
    Row,
    are_plain,
    block_hash,
    changed_positions,
    line,
    seal,
    sections_of,
    texts_of,
)

ENTRY: Row = (1, "SETTLED", "H1-01-20260302-1-1", 1_772_000_000_000_000, "2026-03-02", "H1-01", "员01", "")
POSTINGS: list[Row] = [(1, 1, "memo/H1", "cash/H1", 4_000), (1, 2, "memo/H1", "charged/H1", -4_000)]
COUNTERS: list[Row] = [(1, 1, "m", "210300", "employee", "2026", "general_outpatient", "paid", 5_000, 0)]
SEALED: Row = (2, "SEALED", "H1-01-20260302-2-1", 1_772_000_000_000_001, "2026-03-02", "", "", "")
AT_US = 1_772_000_000_500_000

texts = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(["\\", "\t", "\n", "\\t", "a\nb"])


def test_a_block_hashes_to_the_text_that_the_page_describes() -> None:
    own = texts_of([ENTRY, SEALED], POSTINGS, COUNTERS)
    block = seal(None, own, AT_US)
    first_lines = (
        b"1\tSETTLED\tH1-01-20260302-1-1\t1772000000000000\t2026-03-02\tH1-01\t\xe5\x91\x9801\t\n"
        b"1\t1\tmemo/H1\tcash/H1\t4000\n1\t2\tmemo/H1\tcharged/H1\t-4000\n"
        b"1\t1\tm\t210300\temployee\t2026\tgeneral_outpatient\tpaid\t5000\t0"
    )
    second_line = b"2\tSEALED\tH1-01-20260302-2-1\t1772000000000001\t2026-03-02\t\t\t"
    marks = hashlib.sha256(first_lines).digest()[:8] + hashlib.sha256(second_line).digest()[:8]
    entry, posting, other, counter = first_lines.split(b"\n")
    text = b"\n".join([
        b"medsettle ledger block 1", b"1\t1\t2\t1772000000500000", b"0" * 64, marks.hex().encode(),
        b"entries\t2", entry, second_line, b"postings\t2", posting, other, b"counters\t1", counter, b"",
    ])
    assert block == Block(1, 1, 2, AT_US, marks, hashlib.sha256(text).digest())


def test_a_block_follows_the_one_before_it_by_number_position_and_hash() -> None:
    first = seal(None, texts_of([ENTRY], POSTINGS, COUNTERS), AT_US)
    second = seal(first, texts_of([SEALED], [], []), AT_US)
    assert second[:3] == (2, 2, 2)
    elsewhere = seal(first._replace(hash=bytes(32)), texts_of([SEALED], [], []), AT_US)
    assert elsewhere.hash != second.hash


@pytest.mark.parametrize("entries", [[], [SEALED], [ENTRY, ENTRY], [SEALED, ENTRY]])
def test_nothing_is_sealed_over_a_gap(entries: list[Row]) -> None:
    own = texts_of(entries, [], [])
    with pytest.raises(AssertionError, match="cannot cover"):
        seal(None, own, AT_US)


@pytest.mark.parametrize("column", range(1, 8))
def test_every_column_of_an_entry_counts(column: int) -> None:
    changed = [*ENTRY]
    changed[column] = "other" if isinstance(ENTRY[column], str) else 7
    assert found_changed([changed], POSTINGS, COUNTERS) == (1,)


@pytest.mark.parametrize("row", range(2))
@pytest.mark.parametrize("column", range(1, 5))
def test_every_column_of_a_posting_counts(row: int, column: int) -> None:
    changed = [[*each] for each in POSTINGS]
    changed[row][column] = "other" if isinstance(POSTINGS[row][column], str) else 7
    assert found_changed([ENTRY], [*changed], COUNTERS) == (1,)


@pytest.mark.parametrize("column", range(1, 10))
def test_every_column_of_a_counter_counts(column: int) -> None:
    changed = [*COUNTERS[0]]
    changed[column] = "other" if isinstance(changed[column], str) else 7
    assert found_changed([ENTRY], POSTINGS, [changed]) == (1,)


@pytest.mark.parametrize(
    ("entries", "postings", "counters"),
    [
        ([], [], []),
        ([ENTRY], POSTINGS[:1], COUNTERS),
        ([ENTRY], POSTINGS, []),
        ([ENTRY], POSTINGS[::-1], COUNTERS),
        ([ENTRY], [*POSTINGS, (1, 3, "memo/H1", "cash/H1", 1)], COUNTERS),
    ],
    ids=["no entry", "a posting less", "no counter", "another order", "a posting more"],
)
def test_rows_that_come_or_go_count(entries: list[Row], postings: list[Row], counters: list[Row]) -> None:
    assert found_changed(entries, postings, counters) == (1,)


def found_changed(entries: list[Row], postings: list[Row], counters: list[Row]) -> tuple[int, ...]:
    block = seal(None, texts_of([ENTRY], POSTINGS, COUNTERS), AT_US)
    changed = texts_of(entries, postings, counters)
    assert block_hash(block, bytes(32), sections_of(changed)) != block.hash
    return changed_positions(block, changed)


@pytest.mark.parametrize("column", range(5))
def test_every_column_of_a_block_counts(column: int) -> None:
    own = texts_of([ENTRY], POSTINGS, COUNTERS)
    block = seal(None, own, AT_US)
    columns: list[Any] = [*block]
    columns[column] = b"else" if isinstance(columns[column], bytes) else 9
    changed = Block(*columns)
    assert block_hash(changed, bytes(32), sections_of(own)) != block.hash


@given(st.lists(texts, min_size=3, max_size=3), st.lists(texts, min_size=3, max_size=3))
def test_two_rows_of_texts_never_have_the_same_line(one: list[str], other: list[str]) -> None:
    assume(one != other)
    assert line(one) != line(other)


@given(st.lists(texts, min_size=3, max_size=3))
def test_a_line_is_plain_exactly_where_its_texts_need_no_escape(row: list[str]) -> None:
    entry = (1, *row, *ENTRY[4:])
    # As a database makes a line: without escapes.
    unescaped = "\t".join(map(str, entry)).encode()
    sections = sections_of(texts_of([entry], [], []))
    made = (sections[0]._replace(text=unescaped), *sections[1:])
    assert are_plain(made) == (made == sections)
    assert are_plain(made) == (not any(each in text for text in row for each in "\\\t\n"))
