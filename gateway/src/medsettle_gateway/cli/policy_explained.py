"""A calculation explained: the paragraph to be read aloud, then every step with its clause."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import click

from medsettle.wire.because import Because, divides, unsaid
from medsettle.wire.called import FUND_NAMES, OWNER_NAMES, Pair, begun, named
from medsettle.wire.explained import Explained, explained, fund_titles, who_pays
from medsettle_gateway.domain.breakdown import AccountShare, Breakdown
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy.case_expect import SUMS
from medsettle_gateway.policy.case_result import Settled
from medsettle_gateway.policy.trace import Step, TraceEntry

SUM_NAMES: Final = {
    "total": ("医疗费总额", "total"),
    "provider_borne": ("机构承担", "borne by the provider"),
    "fully_self_paid": ("全自费", "fully self-paid"),
    "over_limit": ("超限价自付", "over a payment standard"),
    "self_pay_first": ("先行自付", "paid before the deductible"),
    "in_scope": ("符合政策范围", "within policy"),
    "deductible": ("起付标准", "of it deductible"),
    "over_cap": ("超年度限额", "of it above the annual cap"),
    "personal": ("个人负担", "personal part"),
    "cash": ("现金", "cash"),
}


class _Told(NamedTuple):
    """A trace entry as both sides explain it."""

    step: str
    clause: str
    inputs: Mapping[str, str]
    amount_fen: int
    zh: str
    en: str
    line_id: str

    @classmethod
    def of(cls, entry: TraceEntry) -> "_Told":
        inputs = {name: "" if value is None else str(value) for name, value in entry.inputs}
        line = "" if entry.line is None else str(entry.line + 1)
        return cls(entry.step.value, entry.clause, inputs, entry.amount_fen, *entry.sentences, line)


class _Division(NamedTuple):
    """A breakdown as both sides explain it."""

    total_fen: int
    provider_borne_fen: int
    funds: Mapping[str, int]
    personal_fen: int
    accounts: Sequence[AccountShare]
    cash_fen: int

    @classmethod
    def of(cls, breakdown: Breakdown) -> "_Division":
        return cls(
            breakdown.total_fen,
            breakdown.provider_borne_fen,
            {share.fund: share.amount_fen for share in breakdown.funds},
            breakdown.personal_fen,
            breakdown.accounts,
            breakdown.cash_fen,
        )


def explanation_of(settled: Settled) -> Explained:
    """The explanation of one settlement."""
    trace = tuple(map(_Told.of, settled.trace))
    return explained(_Division.of(settled.calculation.breakdown), trace)


def who_pays_in_all(settled: Sequence[Settled]) -> Pair:
    """One sentence in each language on all settlements of a case together; there is at least one."""
    breakdowns = [each.calculation.breakdown for each in settled]
    trace = tuple(_Told.of(entry) for each in settled for entry in each.trace)
    zh, en = who_pays(_Division.of(Breakdown.together(breakdowns)), fund_titles(trace))
    count = len(settled)
    return f"按{count}项待遇分别结算。{zh}", f"Settled under {count} benefits. {en}"


def print_explanation(settled: Settled) -> None:
    """Print one settlement: the paragraph, the steps by line and by fund, and who pays what."""
    said, trace = explanation_of(settled), settled.trace
    click.secho(f"  {settled.title.zh} / {begun(settled.title.en)}  〔{settled.pack}〕", bold=True)
    click.echo(f"  {said.zh}")
    click.echo(f"  {said.en}")
    silent, number = unsaid(tuple(map(_Told.of, trace))), 1
    for section in said.sections:
        told = dict(enumerate((trace[index] for index in section.steps if index not in silent), number))
        if told:
            click.echo()
            click.secho(f"  {section.zh} / {begun(section.en)}", bold=True)
            print_each_step(told, indent="  ")
        number += len(told)
    click.echo()
    for zh, en, amount in _slip(settled):
        click.echo(f"  {amount:>12}  {zh} / {en}")


def print_each_step(steps: Mapping[int, TraceEntry], indent: str) -> None:
    """Print steps under their numbers, in both languages, each with its clause in brackets."""
    for number, step in steps.items():
        zh, en = step.sentences
        clause = f"〔{step.clause}〕" if step.clause else ""
        click.echo(f"{indent}{number:>2}. {zh}{click.style(clause, fg='cyan')}")
        click.echo(f"{indent}    {en}")


def _slip(settled: Settled) -> Iterator[tuple[str, str, str]]:
    """What it cost, how it was divided, who pays, and what may be applied for afterwards."""
    breakdown, trace = settled.calculation.breakdown, tuple(map(_Told.of, settled.trace))
    for key in SUMS[:8]:
        amount_fen: int = getattr(breakdown, f"{key}_fen")
        if not divides(trace) and key != "total":
            continue
        if amount_fen or key in ("total", "in_scope"):
            yield (*SUM_NAMES[key], format_fen(amount_fen))
    titles = fund_titles(trace)
    for share in breakdown.funds:
        zh, en = titles.get(share.fund) or named(FUND_NAMES, share.fund)
        yield f"{zh}支付", f"{en} pays", format_fen(share.amount_fen)
    yield (*SUM_NAMES["personal"], format_fen(breakdown.personal_fen))
    for drawn in breakdown.accounts:
        zh, en = OWNER_NAMES[drawn.owner.value]
        yield f"{zh}账户支付", f"{en} account pays", format_fen(drawn.amount_fen)
    yield (*SUM_NAMES["cash"], format_fen(breakdown.cash_fen))
    for entry in settled.trace:
        if entry.step is Step.AFTERWARDS:
            layer = dict(entry.inputs)
            zh, en = f"{layer['zh']}(可事后申请)", f"{layer['en']} (may be applied for afterwards)"
            yield zh, en, format_fen(entry.amount_fen)


def explanation_as_plain(settled: Settled) -> dict[str, Any]:
    """One settlement as JSON data, amounts in fen.

    ``summary`` is the paragraph; ``because`` and ``sections`` name their steps by position in
    ``steps``, from 0, and a step its line by position among those of the case, from 0.
    """
    said = explanation_of(settled)
    return {
        "pack": settled.pack,
        "benefit": settled.benefit,
        "title": {"zh": settled.title.zh, "en": settled.title.en},
        "summary": {"zh": said.zh, "en": said.en},
        "because": [_because_as_plain(each) for each in said.because],
        "sections": [{**each._asdict(), "steps": list(each.steps)} for each in said.sections],
        "breakdown": _breakdown_as_plain(settled.calculation.breakdown),
        "steps": [step.as_plain() for step in settled.trace],
    }


def _because_as_plain(each: Because) -> dict[str, Any]:
    return {**each._asdict(), "clauses": list(each.clauses), "steps": list(each.steps)}


def _breakdown_as_plain(breakdown: Breakdown) -> dict[str, Any]:
    plain = breakdown._asdict()
    for key in ("funds", "afterwards"):
        plain[key] = {share.fund: share.amount_fen for share in getattr(breakdown, key)}
    plain["accounts"] = [share._asdict() for share in breakdown.accounts]
    plain["lines"] = [line._asdict() for line in breakdown.lines]
    return plain
