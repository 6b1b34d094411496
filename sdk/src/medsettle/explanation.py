"""A quote or a sale explained: what each pays and why, in a paragraph to be read aloud, then step by step.

Pure functions of the SDK's models. ``explain`` gives the text; ``explanation`` the same as values in both
languages, whose JSON has these keys:

``request_id`` (null for a quote), ``state`` (``QUOTE``, or the sale's), ``summary`` as ``{zh, en}``, and
``settlements``, each with ``number``, ``benefit``, ``title``, ``summary``, ``because``, ``sections`` and
``steps``. A reason of ``because`` has ``zh``, ``en``, ``clauses``, ``amount_fen``; a section has ``about``
(``order``, ``lines``, ``benefit``, ``layer``, ``afterwards``, ``warnings`` or ``patient``), ``id`` (of a
layer), ``zh`` and ``en``. Both name their ``steps`` by position, from 0; ``steps`` are the trace entries as
they came. Keys may be added, and none is renamed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple

from medsettle import _receipt_words as words
from medsettle._paper import Paper
from medsettle._receipt_settlement import heading
from medsettle._together import together
from medsettle.models import Quote, Sale, SaleState, Settlement, TraceEntry
from medsettle.receipt import Language
from medsettle.wire.because import Because, joined
from medsettle.wire.called import Pair, begun, yuan
from medsettle.wire.explained import Section, explained, fund_titles, once, who_pays
from medsettle.wire.states import Outcome, outcome_of

__all__ = ["COLUMNS", "ExplainedSettlement", "Explanation", "Words", "explain", "explanation"]

COLUMNS: Final = 64
QUOTED: Final = "QUOTE"
"""Stands for the state of what is not a sale yet."""
_SHOWN: Final = frozenset({SaleState.SETTLED, SaleState.REVERSED, SaleState.HELD, SaleState.EXPIRED})


class Words(NamedTuple):
    """The same in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ExplainedSettlement:
    """One benefit's settlement explained. With View.BASIC there are no reasons, sections and steps."""

    number: int
    benefit: str
    title: Words
    summary: Words
    because: tuple[Because, ...]
    sections: tuple[Section, ...]
    steps: tuple[TraceEntry, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A quote or a sale explained; ``summary`` is what a cashier reads aloud."""

    request_id: str | None
    state: str
    summary: Words
    settlements: tuple[ExplainedSettlement, ...]


def explain(told: Sale | Quote, language: Language | str = Language.ZH, columns: int = COLUMNS) -> str:
    """Returns the explanation as text in lines of at most ``columns``, with the clauses in brackets."""
    tongue = 0 if Language(language) is Language.ZH else 1
    said, paper = explanation(told), Paper(columns, tongue)
    return "\n".join([*_text(paper, said), ""])


def explanation(told: Sale | Quote) -> Explanation:
    """Returns the explanation as values. A sale that was not charged is explained by its refusal."""
    if isinstance(told, Quote):
        settlements = _explained(told.settlements)
        return Explanation(
            None, QUOTED, _summary(words.QUOTED, told.settlements, settlements), settlements
        )
    shown = told.settlements if told.state in _SHOWN else ()
    settlements = _explained(shown)
    return Explanation(
        told.request_id, told.state, _summary(_standing(told), shown, settlements), settlements
    )


def _standing(sale: Sale) -> Pair:
    """What must be said first: that it is not paid, or not known, or undone."""
    said = [words.NOTES[sale.state]] if sale.state in words.NOTES else []
    if outcome_of(sale.state) is Outcome.OPEN:
        said.append(words.OPEN_NOTE)
    if sale.refusal is not None:
        refusal = sale.refusal
        said.append((refusal.zh + refusal.next_zh, f"{refusal.en} {refusal.next_en}".rstrip()))
    if sale.state == SaleState.REVERSED:
        said.append(words.AS_IT_WAS)
    return "".join(zh for zh, _ in said), " ".join(en for _, en in said)


def _explained(settlements: Sequence[Settlement]) -> tuple[ExplainedSettlement, ...]:
    return tuple(map(_settlement, settlements))


def _settlement(settled: Settlement) -> ExplainedSettlement:
    title = Words(*heading(settled))
    said = explained(settled.breakdown, settled.trace)
    return ExplainedSettlement(
        settled.number, settled.benefit, title, Words(said.zh, said.en), said.because, said.sections,
        settled.trace,
    )


def _summary(
    standing: Pair, settlements: Sequence[Settlement], said: Sequence[ExplainedSettlement]
) -> Words:
    """The paragraph: where it stands, who pays in all, and each benefit by itself where there are several."""
    zh, en = [standing[0]], [standing[1]]
    if len(said) > 1:
        trace = [step for each in settlements for step in each.trace]
        whole_zh, whole_en = who_pays(together(settlements), fund_titles(trace))
        zh.append(words.SEVERAL[0].format(len(said)) + whole_zh)
        en.append(f"{words.SEVERAL[1].format(len(said))} {whole_en}")
    for each in said:
        zh.append(f"{each.title.zh}:{each.summary.zh}" if len(said) > 1 else each.summary.zh)
        en.append(f"{begun(each.title.en)}: {each.summary.en}" if len(said) > 1 else each.summary.en)
    return Words("".join(zh), " ".join(filter(None, en)))


def _text(paper: Paper, said: Explanation) -> Iterator[str]:
    if said.request_id is not None:
        yield from paper.row(words.TICKET, said.request_id)
    yield from paper.text(said.summary)
    for each in said.settlements:
        if each.steps:
            yield ""
            yield paper.rule()
            yield from paper.row(words.BENEFIT, paper.word((each.title.zh, begun(each.title.en))))
        for section in each.sections:
            if not once(each.steps, section):
                continue
            yield ""
            yield from _section(paper, section, each.steps)


def _section(paper: Paper, section: Section, steps: Sequence[TraceEntry]) -> Iterator[str]:
    """A title and its steps; a layer's sentences begin with its name, which is title enough."""
    told = [steps[index] for index in once(steps, section)]
    if section.about in {"layer", "afterwards"}:
        yield from _together(paper, told, indent=0)
        return
    yield from paper.text((f"{section.zh}:", f"{begun(section.en)}:"))
    if section.about == "lines":
        yield from _lines(paper, told)
    else:
        for step in told:
            yield from _together(paper, [step])


def _lines(paper: Paper, told: Sequence[TraceEntry]) -> Iterator[str]:
    """Each line that has something to be said of, then all the others at once."""
    by_line = [
        sorted(steps, key=lambda step: "name" not in step.inputs)
        for _, steps in groupby(told, key=lambda step: step.line_id)
    ]
    plain = [steps[0] for steps in by_line if [step.step for step in steps] == ["in_scope"]]
    for steps in by_line:
        if len(plain) < 2 or steps[0] not in plain:  # noqa: PLR2004 - one line has its own sentence
            yield from _together(paper, steps)
    if len(plain) > 1:
        names = [step.inputs.get("name", "") for step in plain]
        amount = yuan(sum(step.amount_fen or 0 for step in plain))
        zh, en = "、".join(f"“{name}”" for name in names), ", ".join(names)
        yield from paper.text((words.IN_SCOPE[0].format(zh, amount), words.IN_SCOPE[1].format(en, amount)), 2)


def _together(paper: Paper, told: Sequence[TraceEntry], indent: int = 2) -> Iterator[str]:
    """Sentences about one thing as one paragraph, with their clauses in brackets."""
    clauses = dict.fromkeys(paper.word(words.clause(step.clause)) for step in told if step.clause)
    bracket = f" ({'; '.join(clauses)})" if clauses else ""
    zh, en = joined(told)
    yield from paper.text((zh + bracket, en + bracket), indent)
