"""The steps explain the result in words, name their clauses, and rebuild it to the fen."""

import json

from hypothesis import given

from medsettle_gateway.domain.basket import CatalogueClass, Line, LineKind
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.policy import sentences
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.trace import Step, TraceEntry, replay
from tests.gateway.policy.examples import (
    DEDUCTIBLE,
    GENERAL,
    PAID,
    account,
    anshan,
    cases,
    drug,
    packs,
    visit,
)


def steps(result_of: CaseInput, pack: Pack | None = None) -> dict[Step, TraceEntry]:
    return {entry.step: entry for entry in calculate(pack or anshan(), result_of).trace}


@given(packs, cases)
def test_replaying_the_steps_rebuilds_the_breakdown_to_the_fen(pack: Pack, case: CaseInput) -> None:
    result = calculate(pack, case)
    assert replay(result.trace) == result.breakdown


@given(packs, cases)
def test_every_step_has_a_sentence_in_both_languages(pack: Pack, case: CaseInput) -> None:
    for entry in calculate(pack, case).trace:
        assert entry.zh.endswith("。")
        assert entry.en.endswith(".")
        json.dumps(entry.as_plain())


@given(packs, cases)
def test_a_stored_step_is_told_as_it_was_when_it_was_made(pack: Pack, case: CaseInput) -> None:
    for entry in calculate(pack, case).trace:
        assert tuple(name for name, _ in entry.inputs) == sentences.INPUTS[entry.step]
        shuffled = dict(reversed(entry.inputs))
        stored = (entry.step.value, shuffled, entry.amount_fen, entry.line)
        assert sentences.told_by_name(*stored) == entry.sentences


def test_the_deductible_is_told_as_a_cashier_says_it() -> None:
    entry = steps(visit(drug(12_000), counters={DEDUCTIBLE: 28_000}))[Step.DEDUCTIBLE]
    assert entry.zh == "起付标准300.00元,本年度已付280.00元,本次再付20.00元。"
    assert entry.en == "The yearly deductible is 300.00; 280.00 was already met, 20.00 applies now."
    assert entry.clause == "三(一)¶2"
    assert entry.rule == f"benefits.{GENERAL}.deductible.rows[0]"


def test_a_deductible_that_is_met_is_said_to_be_met() -> None:
    entry = steps(visit(drug(12_000), counters={DEDUCTIBLE: 30_000}))[Step.DEDUCTIBLE]
    assert entry.zh == "起付标准300.00元,本年度已经付满。"
    assert entry.en == "The yearly deductible of 300.00 has been met."


def test_a_reached_cap_says_what_is_left_and_who_bears_the_rest() -> None:
    entry = steps(visit(drug(10_000), counters={DEDUCTIBLE: 30_000, PAID: 298_000}))[Step.CAP]
    assert (
        entry.zh == "年度最高支付限额3000.00元,本年度已支付2980.00元,还可支付20.00元,超出的30.00元由个人负担。"
    )
    assert entry.en == (
        "The annual cap is 3000.00; 2980.00 was already paid, 20.00 is left; "
        "the 30.00 above it stays with the patient."
    )


def test_an_excluded_line_names_the_clause_that_excludes_it() -> None:
    entry = steps(visit(drug(8_000, CatalogueClass.C, "润喉喷雾")))[Step.EXCLUDED]
    assert entry.zh == "第1行“润喉喷雾”:不属于医保支付范围,80.00元全额自费。"
    assert (entry.rule, entry.clause, entry.line) == ("lines.excluded[0]", "三(一)¶1", 0)


def test_a_step_names_the_row_or_the_item_whose_figure_it_used() -> None:
    shares = {"lines.self_pay_first": [{"when": {"class": "B"}, "share": "0.10", "clause": "甲"}]}
    pack = anshan(shares)
    of_pack = steps(visit(drug(100, CatalogueClass.B)), pack)[Step.SELF_PAY_FIRST]
    assert (of_pack.rule, of_pack.clause) == ("lines.self_pay_first[0]", "甲")
    own = Line("x", LineKind.DRUG, CatalogueClass.B, 100, self_pay_share_ppm=300_000)
    of_item = steps(visit(own), pack)[Step.SELF_PAY_FIRST]
    assert (of_item.rule, of_item.clause) == ("line", "")


def test_an_account_is_told_by_whose_it_is_and_never_by_its_number() -> None:
    entries = [
        entry
        for entry in calculate(
            anshan(), visit(drug(50), accounts=(account(Owner.PARENT, 20, "secret"), account(Owner.OTHER, 9)))
        ).trace
        if entry.step is Step.ACCOUNT
    ]
    assert entries[0].zh == "父母账户余额0.20元,本次支付0.20元。"
    assert entries[0].en == "Parent's account holds 0.20 and pays 0.20."
    assert entries[1].zh == "其他人账户:该账户不在可共济的亲属范围内,不能支付。"
    assert not any("secret" in entry.zh + entry.en for entry in entries)
