"""Why a settlement comes to what it does, in a few sentences: the steps that moved most of the money.

Pure, and the same on both sides: the gateway explains a case with it, the till a quote or a sale.
Steps that this release does not know decide nothing here; they are read out among all steps.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from medsettle.wire.called import Pair, begun, yuan

BECAUSE_MAX: Final = 4
"""So many sentences, besides what must always be said and why each fund pays."""
_REST_MIN: Final = 2
"""So many of the rest, however many funds pay."""
_NAMES_MAX: Final = 2


class Told(Protocol):
    """One step of a trace, as either side has it. Inputs are texts, empty where there is no value."""

    @property
    def step(self) -> str:
        """Its name."""

    @property
    def clause(self) -> str:
        """Where the rule stands."""

    @property
    def inputs(self) -> Mapping[str, str]:
        """What went in, by name."""

    @property
    def amount_fen(self) -> int | None:
        """What came out."""

    @property
    def zh(self) -> str:
        """The Chinese sentence."""

    @property
    def en(self) -> str:
        """The English sentence."""

    @property
    def line_id(self) -> str:
        """The line it is about; empty for the whole settlement."""


class Because(NamedTuple):
    """One reason: its sentences, the clauses behind it, what it moved, and its steps by position."""

    zh: str
    en: str
    clauses: tuple[str, ...]
    amount_fen: int
    steps: tuple[int, ...]


_OF_LINES: Final[Mapping[str, Pair]] = {
    "cover_ended": (
        "{0}在参保待遇终止之后,{1}元全额自费。",
        "{0} came after cover had ended; the patient pays all of {1}.",
    ),
    "excluded": (
        "{0}不属于医保支付范围,{1}元全额自费。",
        "{0} are not covered by the insurance; the patient pays all of {1}.",
    ),
    "restricted": (
        "{0}不在目录限定的支付范围内,{1}元由个人负担。",
        "{0} are outside what the catalogue restricts them to; the patient bears all of {1}.",
    ),
    "over_standard": (
        "{0}超过支付标准,按规定整行自费,共{1}元。",
        "{0} are above their payment standards; the patient pays all of {1}.",
    ),
    "over_limit": (
        "{0}超过支付标准的{1}元由个人自付。",
        "{0} are above their payment standards; the patient pays the {1} above.",
    ),
    "session_over_limit": (
        "{0}超过每次限额的{1}元由个人自付。",
        "{0} are above the limit per session; the patient pays the {1} above.",
    ),
    "provider_borne": (
        "{0}超过每次限额的{1}元由本机构承担,不向患者收取。",
        "{0} are above the limit per session; this institution bears the {1} above.",
    ),
    "self_pay_first": (
        "{0}按比例先由个人自付,共{1}元。",
        "For {0} the patient first pays a share: {1} together.",
    ),
}
"""What is said of several lines at once; a single one has its own sentence."""

_ALWAYS: Final = frozenset({"emergency_order", "account_only", "warning"})
_OF_LAYER: Final = frozenset({"layer_threshold", "layer_ratio", "guarantee", "leaves", "layer_cap"})


_IDLE_ALONE: Final = frozenset({
    "in_scope", "self_pay_first", "over_limit", "over_standard", "catalogue", "self_pay_waived",
})
"""Steps that divide a line between funds and patient: where no fund is asked, they say nothing."""


class Reasons(NamedTuple):
    """The reasons in the order of the steps; ``others``: less weighty ones are left out."""

    said: tuple[Because, ...]
    others: bool


def because(trace: Sequence[Told]) -> tuple[Because, ...]:
    """Returns the reasons, in the order of the steps: as :func:`reasons` does."""
    return reasons(trace).said


def reasons(trace: Sequence[Told]) -> Reasons:
    """Returns what must be said, why each fund that pays does, and the weightiest of the rest."""
    must = [
        _of_step(trace, index)
        for index, told in enumerate(trace)
        if told.step in _ALWAYS or (told.step == "afterwards" and told.amount_fen)
    ]
    silent = unsaid(trace)
    layers = tuple(_layers(trace))
    weighed = [*_lines(trace), *_outside(trace), *_benefit(trace), *layers, *_patient(trace)]
    weighed = [each for each in weighed if each.amount_fen > 0 and silent.isdisjoint(each.steps)]
    weighed.sort(key=lambda each: -each.amount_fen)
    paying = [*_paying(trace, weighed), *(each for each in layers if _pays(trace, each))]
    rest = [each for each in weighed if each not in paying]
    room = max(_REST_MIN, BECAUSE_MAX - len(paying))
    said = sorted([*must, *paying, *rest[:room]], key=lambda each: each.steps)
    return Reasons(tuple(said), others=len(rest) > room)


def unsaid(trace: Sequence[Told]) -> frozenset[int]:
    """Returns the positions of steps that need not be said: how lines divide where no fund is asked."""
    if divides(trace):
        return frozenset()
    return frozenset(index for index, told in enumerate(trace) if told.step in _IDLE_ALONE)


def divides(trace: Sequence[Told]) -> bool:
    """Returns whether it matters what is within policy: for a fund, or for accounts that pay no more."""
    alone = any(told.step == "account_only" for told in trace)
    strict = any(told.step == "payable" and number(told, "in_scope_only") for told in trace)
    return strict or not alone


def _paying(trace: Sequence[Told], weighed: Sequence[Because]) -> Iterator[Because]:
    """The weightiest reason of the benefit's fund, if it pays: its ratio or bands."""
    if any(told.step == "fund" and told.amount_fen for told in trace):
        yield from [each for each in weighed if trace[each.steps[0]].step in {"ratio", "banded"}][:1]


def _pays(trace: Sequence[Told], reason: Because) -> bool:
    """Does the layer pay that the reason is about?"""
    layer = trace[reason.steps[0]].inputs.get("layer")
    return any(t.step == "layer" and t.amount_fen and t.inputs.get("layer") == layer for t in trace)


def number(told: Told, name: str) -> int:
    """Returns an input that is a whole number; 0 where it is none."""
    text = told.inputs.get(name, "")
    return int(text) if text.removeprefix("-").isdecimal() else 0


def joined(steps: Iterable[Told]) -> Pair:
    """Returns the sentences of steps about one line or one layer, which is named once."""
    texts: list[Pair] = []
    last = ""
    for told in steps:
        zh, en = told.zh, told.en
        about = told.line_id or told.inputs.get("layer", "")
        if about and about == last:
            subject = _subject(told)
            zh, en = zh.removeprefix(subject[0]), begun(en.removeprefix(subject[1]))
        texts.append((zh, en))
        last = about
    return "".join(zh for zh, _ in texts), " ".join(en for _, en in texts)


def _subject(told: Told) -> Pair:
    """What a step's sentences begin with if they name a line, with or without its item, or a layer first."""
    name, title_zh, title_en = (told.inputs.get(each, "") for each in ("name", "zh", "en"))
    if told.line_id:
        ends = (f"“{name}”:", f", {name}: ") if name else (":", ": ")
        return _until(told.zh, ends[0]), _until(told.en, ends[1])
    return f"{title_zh}:", f"{begun(title_en)}: "


def _until(text: str, end: str) -> str:
    """The text up to and with its end; empty without it."""
    before, found, _ = text.partition(end)
    return before + found if found else ""


def _of_step(trace: Sequence[Told], index: int, amount_fen: int | None = None) -> Because:
    told = trace[index]
    moved_fen = told.amount_fen or 0 if amount_fen is None else amount_fen
    return Because(told.zh, told.en, _clauses([told]), moved_fen, (index,))


def _clauses(steps: Iterable[Told]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(told.clause for told in steps if told.clause))


def _lines(trace: Sequence[Told]) -> Iterator[Because]:
    """One reason for all lines that the same thing befell."""
    for step, (zh, en) in _OF_LINES.items():
        found = [i for i, told in enumerate(trace) if told.step == step and told.amount_fen]
        if len(found) == 1:
            yield _of_line(trace, found[0])
        elif found:
            steps = [trace[index] for index in found]
            amount_fen = sum(told.amount_fen or 0 for told in steps)
            names_zh, names_en = _names([told.inputs.get("name", "") for told in steps])
            amount = yuan(amount_fen)
            text = zh.format(names_zh, amount), en.format(names_en, amount)
            yield Because(*text, _clauses(steps), amount_fen, tuple(found))


def _of_line(trace: Sequence[Told], index: int) -> Because:
    """The step of one line, with the list of the catalogue that decided its class, if one did."""
    line_id = trace[index].line_id
    before = range(index)
    lists = [at for at in before if trace[at].step == "catalogue" and trace[at].line_id == line_id]
    steps = [trace[at] for at in (*lists, index)]
    return Because(*joined(steps), _clauses(steps), trace[index].amount_fen or 0, (*lists, index))


def _names(names: Sequence[str]) -> Pair:
    """Two names and how many there are."""
    shown = list(dict.fromkeys(names))[:_NAMES_MAX]
    zh, count = "、".join(f"“{name}”" for name in shown), len(names)
    if count == len(shown):
        return zh, " and ".join(shown)
    others = count - len(shown)
    return f"{zh}等{count}项", f"{', '.join(shown)} and {others} other{'s' if others > 1 else ''}"


def _outside(trace: Sequence[Told]) -> Iterator[Because]:
    """Each by itself: its sentence says what can be done."""
    yield from (_of_step(trace, i) for i, told in enumerate(trace) if told.step == "outside")


def _benefit(trace: Sequence[Told]) -> Iterator[Because]:
    """Deductible and cap by what they take, the ratio by the larger of what it pays and what it leaves."""
    for index, told in enumerate(trace):
        if told.step in {"deductible", "cap"}:
            yield _of_step(trace, index)
        elif told.step in {"ratio", "banded"}:
            paid_fen = told.amount_fen or 0
            yield _of_step(trace, index, max(paid_fen, number(told, "base_fen") - paid_fen))


def _layers(trace: Sequence[Told]) -> Iterator[Because]:
    """One reason a layer that is charged: what it looks at, and what it makes of it."""
    for last, told in enumerate(trace):
        if told.step != "layer":
            continue
        layer = told.inputs.get("layer")
        found = [
            index
            for index, each in enumerate(trace[:last])
            if each.step in _OF_LAYER and each.amount_fen and each.inputs.get("layer") == layer
        ]
        if found:
            steps = [trace[index] for index in found]
            moved_fen = max(each.amount_fen or 0 for each in steps)
            yield Because(*joined(steps), _clauses(steps), moved_fen, tuple(found))


def _patient(trace: Sequence[Told]) -> Iterator[Because]:
    """Why accounts pay less than they might be thought to."""
    weights: Mapping[str, Callable[[Told], int]] = {
        "payable": lambda told: number(told, "personal_fen") - (told.amount_fen or 0),
        "account": lambda told: 2 if told.inputs.get("note") else 0,
        "no_account": lambda _: 1,
    }
    for index, told in enumerate(trace):
        if told.step in weights:
            yield _of_step(trace, index, weights[told.step](told))
