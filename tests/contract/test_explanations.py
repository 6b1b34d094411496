"""Every worked example is explained at the till as at the gateway, and fits on its paper."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs

from medsettle import models
from medsettle._columns import width
from medsettle._exchange import answering
from medsettle.explanation import explain, explanation
from medsettle.receipt import render
from medsettle.wire.called import yuan
from medsettle.wire.v1 import sale_pb2
from medsettle_gateway.cli.policy_explained import explanation_of, who_pays_in_all
from medsettle_gateway.domain.sale import NO_INPUT, LineRecord, SettlementRecord, TraceStep
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy.cases import CaseRunner, Settled
from medsettle_gateway.policy.trace import replay
from medsettle_gateway.rpc.codec import sale as codec

CASES = Path(__file__).parents[1] / "cases"
HOLES = re.compile(r"None|[{}]|_fen|\bnull\b")


@pytest.fixture(scope="module")
def examples() -> list[tuple[str, tuple[Settled, ...]]]:
    """The worked examples that are settled, by name."""
    runner = CaseRunner(shipped_packs())
    return list(settled(runner))


def settled(runner: CaseRunner) -> Iterator[tuple[str, tuple[Settled, ...]]]:
    for path in sorted(CASES.rglob("*.yaml")):
        document = read_yaml(path.read_text("utf-8"), path.name)
        result = runner.run(document.data, path.name, document.lines)
        if result.settled:
            yield path.stem, result.settled


def at_the_till(settled: tuple[Settled, ...]) -> models.Sale:
    """Returns the sale as a till reads it, its lines numbered as on the ticket."""
    records = [record(number, each) for number, each in enumerate(settled, 1)]
    wire = sale_pb2.Sale(
        request_id="H21030200001-01-20240531-1-1", state=sale_pb2.SALE_STATE_SETTLED,
        first_state=sale_pb2.SALE_STATE_SETTLED, institution="H21030200001",
        settlements=[codec.settlement(each, full=True) for each in records],
    )
    return replace(answering._sale(wire), service_on=date(2024, 5, 31))


def record(number: int, settled: Settled) -> SettlementRecord:
    calculation = settled.calculation
    names = {entry.line: str(dict(entry.inputs).get("name", "")) for entry in calculation.trace}
    orders = [str(dict(e.inputs)["order"]) for e in calculation.trace if e.step == "emergency_order"]
    places = settled.lines or range(len(calculation.breakdown.lines))
    return SettlementRecord(
        number=number, benefit=settled.benefit, title_zh=settled.title.zh, title_en=settled.title.en,
        breakdown=calculation.breakdown,
        lines=tuple(
            LineRecord(str(place + 1), "X", names.get(at, ""), "drug", "A") for at, place in enumerate(places)
        ),
        trace=tuple(
            TraceStep(e.step.value, e.rule, e.clause, dict(e.inputs), e.amount_fen, e.line)
            for e in calculation.trace
        ),
        remainders=calculation.remainders, pack=settled.pack, pack_digest="d", catalogue_digest="c",
        engine_version="1", input_json=NO_INPUT, order="".join(orders),
    )


def test_every_worked_example_is_replayed_from_its_trace(
    examples: list[tuple[str, tuple[Settled, ...]]]
) -> None:
    assert len(examples) > 100
    parts = [(name, each) for name, settled in examples for each in settled]
    wrong = [name for name, each in parts if replay(each.calculation.trace) != each.calculation.breakdown]
    assert wrong == []


def test_till_and_gateway_explain_every_worked_example_alike(
    examples: list[tuple[str, tuple[Settled, ...]]]
) -> None:
    for name, settled in examples:
        told = explanation(at_the_till(settled))
        for ours, theirs in zip(told.settlements, map(explanation_of, settled), strict=True):
            assert (name, *ours.summary) == (name, theirs.zh, theirs.en)
            assert (name, ours.because, ours.sections) == (name, theirs.because, theirs.sections)
        if len(settled) > 1:
            zh, en = who_pays_in_all(settled)
            assert told.summary.zh.startswith(f"本单{zh}")
            assert told.summary.en.startswith(f"This ticket is {en[:1].lower()}{en[1:]}")


def test_the_paragraph_of_a_worked_example_has_all_its_amounts(
    examples: list[tuple[str, tuple[Settled, ...]]]
) -> None:
    for name, settled in examples:
        for each in settled:
            zh, en, *_ = explanation_of(each)
            breakdown = each.calculation.breakdown
            paid = [breakdown.cash_fen, *(share.amount_fen for share in breakdown.funds)]
            amounts = [breakdown.total_fen, breakdown.personal_fen, breakdown.provider_borne_fen, *paid]
            missing = [yuan(fen) for fen in amounts if fen and not (yuan(fen) in zh and yuan(fen) in en)]
            assert (name, missing) == (name, [])


def test_a_sentence_counts_the_lines_as_the_till_numbers_them(
    examples: list[tuple[str, tuple[Settled, ...]]]
) -> None:
    name, (settled, *_) = examples[0]
    made = record(1, settled)
    for line_id, number in (("7", 7), ("A1", 1), ("0", 1), ("10000", 1), ("٣", 1)):
        lines = tuple(line._replace(line_id=line_id) for line in made.lines[:1])
        step = TraceStep("excluded", "rule", "", {"name": "x"}, 100, 0)
        (told,) = codec.settlement(structs.replace(made, lines=lines, trace=(step,)), full=True).trace
        assert (name, told.line_id, told.zh[:4]) == (name, line_id, f"第{number}行“")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_worked_example_is_told_with_a_hole(
    examples: list[tuple[str, tuple[Settled, ...]]], language: str
) -> None:
    for name, settled in examples:
        sale = at_the_till(settled)
        for columns in (32, 48):
            texts = explain(sale, language, columns), render(sale, columns=columns, language=language)
            for text in texts:
                assert (name, HOLES.findall(text)) == (name, [])
                assert max(map(width, text.splitlines())) <= columns
                text.encode("gbk")
