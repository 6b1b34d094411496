"""What the command shows to people: aligned, bilingual, coloured only on a terminal."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self, TextIO

from medsettle import _receipt_words as words
from medsettle._columns import row, width, wrap
from medsettle._found import found
from medsettle._receipt_settlement import afterwards, going_back, heading
from medsettle._refused_lines import named, steps, untold, where
from medsettle.cli.advice import facts, is_of_another, other_sale, says_all, typed
from medsettle.cli.days import days_of
from medsettle.errors import MedsettleError
from medsettle.models import (
    Advisory,
    Difference,
    Outcome,
    Quote,
    Refusal,
    SaleCard,
    SaleState,
    Settlement,
    Verdict,
)
from medsettle.receipt import yuan
from medsettle.ticket import china_time
from medsettle.till_reasons import TillReason
from medsettle.wire.called import Pair
from medsettle.wire.explained import fund_titles
from medsettle.wire.reasons import Reason

COLUMNS: Final = 64
STEP: Final = "-> "
GREEN, RED, YELLOW, BOLD, DIM = "32", "31", "33", "1", "2"
_OUTCOMES: Final[dict[Outcome, tuple[str, str]]] = {
    Outcome.PAID: ("已支付 PAID", GREEN),
    Outcome.NOT_PAID: ("未支付 NOT PAID", RED),
    Outcome.OPEN: ("结果未定,请勿再次收费 OPEN: do not collect again", YELLOW),
}
_VERDICTS: Final[dict[Verdict, tuple[str, str]]] = {
    Verdict.NOTE: ("! ", YELLOW),
    Verdict.REMIND: ("! 提醒 remind: ", YELLOW),
    Verdict.WARN: ("! 预警 WARN: ", YELLOW),
    Verdict.BLOCK: ("! 阻断 BLOCKED: ", RED),
}
_STOPPING: Final = frozenset({Verdict.WARN, Verdict.BLOCK})
_REVERSED: Final = ("已撤销 REVERSED", YELLOW)
_ANOTHERS: Final = ("另有一笔业务,本次未结算 ANOTHER SALE'S ID: nothing sold now", YELLOW)


@dataclass(frozen=True, slots=True)
class Screen:
    """A stream to write to; None: there is none. ``lost`` has why something could not be shown.

    Nothing that a screen is asked for raises: a sale is not undone by a full disk or a reader that left.
    """

    stream: TextIO | None
    coloured: bool
    lost: list[Exception] = field(default_factory=list, compare=False)

    @classmethod
    def on(cls, stream: TextIO | None) -> Self:
        """Returns a screen that is coloured on a terminal that reads colours, unless NO_COLOR is set."""
        there = stream is not None and not stream.closed
        coloured = stream is not None and there and stream.isatty() and _reads_colours(os.environ, os.name)
        return cls(stream if there else None, coloured)

    @property
    def dark(self) -> bool:
        """Is there nobody to see what is shown?"""
        return self.stream is None or bool(self.lost)

    def show(self, lines: Iterable[str]) -> None:
        """Writes the lines."""
        self.write("".join(f"{line}\n" for line in lines))

    def write(self, text: str) -> None:
        """Writes the text as it is."""
        if self.stream is None or self.lost:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError) as error:
            self.lost.append(error)

    def paint(self, text: str, colour: str) -> str:
        """Returns the text in a colour, where colours are wanted."""
        return f"\033[{colour}m{text}\033[0m" if self.coloured and text and colour else text

    def quote(self, quote: Quote) -> None:
        """Shows what a sale would cost: each line, who pays what."""
        for settlement in quote.settlements:
            self.show([self.paint(both(heading(settlement)), BOLD)])
            for line in settlement.lines:
                self.row(f"  {line.name or line.item_code}", yuan(line.amount_fen))
            self.row("合计 total", yuan(settlement.breakdown.total_fen))
            if settlement.emergency_order:
                self.row(both(words.ORDER), settlement.emergency_order, YELLOW)
            if settlement.breakdown.provider_borne_fen:
                self.row(both(words.PROVIDER), yuan(settlement.breakdown.provider_borne_fen))
            for fund, amount in settlement.breakdown.funds.items():
                self.row(both(words.paying(fund, fund_titles(settlement.trace))), yuan(amount))
            for share in settlement.breakdown.accounts:
                owner = words.OWNERS.get(share.owner, (share.owner, ""))
                kind = words.OWN_ACCOUNT if share.owner == "self" else words.FAMILY_ACCOUNT
                self.row(f"{both(kind)} ({both(owner)})", yuan(share.amount_fen))
                self.said(share.note_zh, share.note_en)
        self.row(both(words.CASH), yuan(quote.split.cash_fen), BOLD, BOLD)
        applied = afterwards(quote.settlements)
        if applied:
            self._indented(both(words.AFTERWARDS))
        for label, amount in applied.items():
            self.row(f"  {both(label)}", yuan(amount))
        if quote.difference is not None:
            self._difference(quote.difference, quote.settlements)
        self.advisories(quote.advisories)

    def _difference(self, back: Difference, settlements: tuple[Settlement, ...]) -> None:
        """Shows what goes back to each payer."""
        self.show([self.paint(both(words.BACK), BOLD)])
        for label, amount in going_back(back, settlements):
            self.row(f"  {both(label)}", yuan(amount))

    def card(self, card: SaleCard, *, advised: bool = True) -> None:
        """Shows where a sale stands, what to tell the patient, and, if ``advised``, what to do next.

        Of one that is not known yet what to do comes first, and why it is so last.
        """
        outcome, colour = _label(card)
        self.row(card.request_id or "-", outcome, colour)
        if card.outcome is Outcome.OPEN:
            self._open(card, advised=advised)
            return
        if card.refusal is not None:
            refusal = replace(card.refusal, findings=found(card.refusal, card.sale))
            self._refusal(refusal, card.request_id, stepped=not is_of_another(card))
        self._told(card)
        if advised and not says_all(card):
            self.said(card.next_zh, card.next_en, lead=STEP)

    def _open(self, card: SaleCard, *, advised: bool) -> None:
        if advised:
            self.said(card.next_zh, card.next_en, lead=STEP)
        self._told(card)
        if card.next_query_at is not None:
            self._indented(f"下次查询 next query: {china_time(card.next_query_at):%H:%M:%S}")
        if card.refusal is None:
            return
        stepped = not is_of_another(card) and card.refusal.reason != TillReason.OUTCOME_UNKNOWN
        self._refusal(card.refusal, card.request_id, stepped=stepped, lead="")

    def _told(self, card: SaleCard) -> None:
        self.said(card.tell_zh, card.tell_en)
        if card.refund_due_fen:
            self.row("  应退还患者 to give back", yuan(card.refund_due_fen), YELLOW)

    def error(self, error: MedsettleError, *, enrolled: bool = True) -> None:
        """Shows both sentences of an error, its reason, and the next step.

        ``enrolled``: there is a till.toml, which some of what is advised needs.
        """
        self._refusal(error.refusal, error.request_id, indent=0, enrolled=enrolled)

    def advisories(self, advisories: Iterable[Advisory]) -> None:
        """Shows what the cashier should know."""
        for advisory in advisories:
            self._advisory(advisory, 0)

    def _advisory(self, advisory: Advisory, indent: int) -> None:
        """What is found; of what stops a sale its code, by which a warning is accepted, and its lines."""
        mark, colour = _VERDICTS[advisory.verdict]
        self.said(advisory.zh, advisory.en, indent=indent, lead=mark, colour=colour)
        if advisory.verdict not in _STOPPING:
            return
        about = [f"lines={','.join(advisory.line_ids)}"] if advisory.line_ids else []
        about += [f"clause={advisory.clause}"] if advisory.clause else []
        self._indented(self.paint(f"[{' '.join([advisory.code, *about])}]", DIM), indent + len(STEP))

    def check(self, name: str, *, passed: bool, found: str, advice: str) -> None:
        """Shows one line of the doctor, with the next step where it failed."""
        mark, colour = ("ok  ", GREEN) if passed else ("FAIL", RED)
        self.show([f"{self.paint(mark, colour)} {name:<12} {found}"])
        if advice:
            self.show(wrap(f"{STEP}{advice}", COLUMNS, 5, len(STEP)))

    def row(self, label: str, value: str, value_colour: str = "", label_colour: str = "") -> None:
        """Shows a label on the left and a value on the right."""
        text_of_label = label.lstrip()
        *above, last = row(text_of_label, value, COLUMNS, len(label) - len(text_of_label))
        left = last[: len(last) - len(value)]
        text = [self.paint(line, label_colour) for line in (*above, left)]
        text[-1] += self.paint(value, value_colour)
        self.show(text)

    def _refusal(
        self, refusal: Refusal, request_id: str | None, *, indent: int = 2, enrolled: bool = True,
        stepped: bool = True, lead: str = STEP,
    ) -> None:
        """Why, which other sale is meant, the facts, and, if ``stepped``, a next step with what to type."""
        if refusal.lines:
            self._refused_lines(refusal, indent, stepped=stepped, lead=lead)
            return
        self.said(refusal.zh, refusal.en, indent=indent, colour=RED)
        self.said(*days_of(refusal), indent=indent)
        other, stood = other_sale(refusal, request_id) or ("", "")
        self._indented(other)
        self._indented(stood, indent=4)
        self._indented(self.paint(f"[{' '.join([refusal.reason, *facts(refusal)])}]", DIM))
        for finding in refusal.findings:
            self._advisory(finding, 2)
        if not stepped:
            return
        self.said(refusal.next_zh, refusal.next_en, lead=lead)
        self._indented(typed(refusal, request_id, enrolled=enrolled), indent=2 + len(STEP))

    def _refused_lines(self, refusal: Refusal, indent: int, *, stepped: bool, lead: str) -> None:
        """Each line why, with its facts, and then each next step once."""
        for line in refusal.lines:
            (zh, en) = where(line)
            self.said(zh + line.zh, en + line.en, indent=indent, colour=RED)
            self.said(*days_of(line), indent=indent)
            self._indented(self.paint(f"[{named(line)}]", DIM))
        for more in untold(refusal):
            self.said(*more, indent=indent, colour=RED)
        for step in steps(refusal) if stepped else ():
            self.said(*step, lead=lead)

    def said(self, zh: str, en: str, *, indent: int = 2, lead: str = "", colour: str = "") -> None:
        """One thing in both languages: on one line where they fit, else each from a line of its own."""
        if not (zh or en):
            return
        together = f"{lead}{zh} {en}".rstrip()
        if indent + width(together) <= COLUMNS:
            texts = [together]
        else:
            texts = [f"{lead}{zh}", f"{' ' * width(lead)}{en}"]
        for text in texts:
            lines = wrap(text, COLUMNS, indent, width(lead))
            self.show(self.paint(line, colour) for line in lines)

    def _indented(self, text: str, indent: int = 2) -> None:
        self.show(wrap(text, COLUMNS, indent))


def _reads_colours(environment: Mapping[str, str], system: str) -> bool:
    """The old console of Windows shows the codes themselves; those that read them say who they are."""
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    return system != "nt" or any(environment.get(name) for name in ("WT_SESSION", "ANSICON", "TERM"))


def _label(card: SaleCard) -> tuple[str, str]:
    if card.state == SaleState.REVERSED:
        return _REVERSED
    if card.refusal is not None and card.refusal.reason == Reason.REQUEST_ID_REUSED:
        return _ANOTHERS
    return _OUTCOMES[card.outcome]


def both(pair: Pair) -> str:
    """Returns a pair of words on one line, once where both are the same."""
    return " ".join(dict.fromkeys(pair)).rstrip()

