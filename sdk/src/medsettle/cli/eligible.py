"""What a check answers, as a cashier reads it out: who may have what, what is left, what to do when not."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final, TypeVar

from medsettle import _receipt_words as words
from medsettle._receipt_settlement import limit_words
from medsettle.cli.days import days_of
from medsettle.cli.screen import BOLD, DIM, GREEN, RED, STEP, YELLOW, Screen, both
from medsettle.models import (
    Account,
    AccountState,
    Answer,
    BenefitAnswer,
    Eligibility,
    Filing,
    ItemAnswer,
    OpenPrescription,
    Refusal,
    Remainder,
)
from medsettle.receipt import yuan
from medsettle.ticket import china_time
from medsettle.wire.called import ACCOUNT_ONLY, Pair

_E = TypeVar("_E")

_PERSON, _PART = 2, 4
"""How far in stands what is said of the person, and of a benefit or account."""

_ANSWERS: Final[dict[str, tuple[str, str]]] = {
    Answer.YES: ("可以 yes", GREEN),
    Answer.NO: ("不可以 no", RED),
    Answer.COULD_NOT_BE_DETERMINED: ("无法确定 could not be determined", YELLOW),
}
_COVERED: Final = {**_ANSWERS, Answer.YES: ("是 yes", GREEN), Answer.NO: ("否 no", RED)}
_FILED: Final = {
    **_ANSWERS, Answer.YES: ("有效 in force", GREEN), Answer.NO: ("不适用 does not apply", RED),
}
_PAID: Final = {
    **_ANSWERS, Answer.YES: ("基金可付 fund pays", GREEN), Answer.NO: ("基金不付 no fund", RED),
}
_FILINGS: Final[dict[str, Pair]] = {
    "chronic": ("门诊慢特病", "chronic"),
    "referral": ("转诊", "referral"),
    "long_term": ("异地长期居住", "long-term residence elsewhere"),
    "temporary": ("临时外出", "temporary stay elsewhere"),
}
_NOT_A_NO: Final[Pair] = (
    "“无法确定”不是“不可以”:现在没有查到,不能据此拒绝患者。",
    "Not determined is not a no: it could not be found out now, so do not turn the patient away over it.",
)
_ALONE: Final[Pair] = (
    f"基金不付时可只用账户付:--benefit {ACCOUNT_ONLY}",
    f"No fund pays, but accounts may, alone: --benefit {ACCOUNT_ONLY}",
)
_BINDS: Final[Pair] = (
    "参保、备案、规则和目录以本次答复为准至 {until};余额、起付标准和限额以结算时为准。",
    "Cover, filings, rules and catalogue bind as said here until {until}; balances and limits do not.",
)


def show_eligibility(screen: Screen, found: Eligibility) -> None:
    """Shows the whole answer of a check; each next step once, where it is met first."""
    _Page(screen, found).show()


def _is_none(remainder: Remainder) -> bool:
    """Of a benefit without a deductible there is nothing to read out."""
    return remainder.measure == "deductible" and remainder.limit_fen == 0


class _Page:
    def __init__(self, screen: Screen, found: Eligibility) -> None:
        self._screen = screen
        self._found = found
        self._steps: set[Pair] = set()

    def show(self) -> None:
        found = self._found
        self._person()
        self._section(("待遇", "Benefits"), found.benefits, self._benefit)
        self._section(("账户", "Accounts"), found.accounts, self._account)
        self._section(("备案", "Filings"), found.filings, self._filing)
        self._section(("所询项目", "Items asked about"), found.items, self._item)
        self._section(("可调配的处方", "Prescriptions to dispense"), found.prescriptions, self._prescription)
        self._screen.advisories(found.advisories)
        if any(answer is Answer.COULD_NOT_BE_DETERMINED for answer in self._answers()):
            self._screen.said(*_NOT_A_NO, indent=0, colour=YELLOW)
        if found.binding_until is not None and found.covered is Answer.YES:
            until = f"{china_time(found.binding_until):%Y-%m-%d %H:%M}"
            self._screen.said(*(text.format(until=until) for text in _BINDS), indent=0, colour=DIM)

    def _answers(self) -> Iterable[Answer]:
        found = self._found
        yield found.covered
        yield from (each.answer for each in found.benefits)
        yield from (each.answer for each in found.filings)
        yield from (each.answer for each in found.items)
        yield from (each.may_pay for each in found.accounts)

    def _section(self, title: Pair, entries: Iterable[_E], show: Callable[[_E], None]) -> None:
        listed = tuple(entries)
        if listed:
            self._screen.show([self._screen.paint(both(title), BOLD)])
        for each in listed:
            show(each)

    def _person(self) -> None:
        found = self._found
        answer, colour = _COVERED[found.covered]
        scheme = words.SCHEMES.get(found.scheme, (found.scheme, ""))
        standing = words.STANDINGS.get(found.standing, (found.standing, ""))
        kind = both((f"{scheme[0]} {standing[0]}", f"{scheme[1]} {standing[1]}"))
        label = f"{found.masked_name} {kind}".strip() or both(words.PATIENT)
        self._screen.row(label, f"参保 covered: {answer}", colour, BOLD)
        if found.as_of is not None:
            self._screen.row("  查询日期 day asked about", found.as_of.isoformat())
        self._why_not(found.refusal, indent=_PERSON)

    def _benefit(self, benefit: BenefitAnswer) -> None:
        answer, colour = _ANSWERS[benefit.answer]
        titles = () if benefit.title_zh == benefit.benefit else (benefit.title_zh, benefit.title_en)
        self._screen.row(f"  {' '.join((*titles, f'({benefit.benefit})'))}", answer, colour)
        self._why_not(benefit.refusal)
        if self._found.covered is Answer.NO:
            return
        for remainder in benefit.remainders:
            if remainder.left_fen is not None and not _is_none(remainder):
                named = limit_words(remainder, {benefit.benefit: ("", "")}, {})
                label = " ".join(filter(None, map(both, named)))
                self._screen.row(f"    {label}", yuan(remainder.left_fen))

    def _account(self, account: Account) -> None:
        owner = both(words.OWNERS.get(account.owner, (account.owner, "")))
        balance = "没有账户 no account" if account.balance_fen is None else yuan(account.balance_fen)
        frozen = " 已冻结 frozen" if account.state is AccountState.FROZEN else ""
        label = f"  {owner} {account.masked_name} {account.account}".rstrip()
        self._screen.row(label, f"{balance}{frozen}")
        if account.limit_left_fen is not None:
            label = "    给该患者的额度剩余 limit left for this patient"
            self._screen.row(label, yuan(account.limit_left_fen))
        may_pay, colour = _ANSWERS[account.may_pay]
        self._screen.row("    可支付 may pay", may_pay, colour)
        self._why_not(account.refusal)
        if account.may_pay is Answer.YES and account.owner != "self":
            self._consent(account)
        if account.may_pay is Answer.YES and self._found.covered is Answer.NO:
            self._step(_ALONE)

    def _consent(self, account: Account) -> None:
        """What stands behind ``--payer`` on the command line."""
        if account.standing_consent is None:
            return
        if account.standing_consent:
            self._screen.said(
                "户主已事先授权:--payer 账户:standing",
                "The owner has agreed beforehand: --payer ACCOUNT:standing", indent=4,
            )
        else:
            self._screen.said(
                "户主须到场当面同意:--payer 账户:in-person",
                "The owner must agree at the counter: --payer ACCOUNT:in-person", indent=4,
            )

    def _filing(self, filing: Filing) -> None:
        answer, colour = _FILED[filing.answer]
        kind = _FILINGS.get(filing.kind, (filing.kind, ""))
        self._screen.row(f"  {' '.join(filter(None, (both(kind), filing.condition)))}", answer, colour)
        self._why_not(filing.refusal)
        last = filing.valid_to.isoformat() if filing.valid_to else "长期 until further notice"
        first = filing.valid_from.isoformat() if filing.valid_from else ""
        self._screen.row("    有效期 valid", f"{first} - {last}")
        if filing.institutions:
            self._screen.said("限定机构:", f"Only at: {', '.join(filing.institutions)}", indent=4)
        if filing.drugs:
            self._screen.said("核准药品:", f"Approved drugs: {', '.join(filing.drugs)}", indent=4)
        self._on("    下次年审截止 next review due by", filing.review_due_on)

    def _item(self, item: ItemAnswer) -> None:
        answer, colour = _PAID[item.answer]
        self._screen.row(f"  {f'{item.name} {item.item_code}'.strip()}", answer, colour)
        self._why_not(item.refusal)
        self._on("    可再次购买 may be bought again from", item.next_on)

    def _prescription(self, prescription: OpenPrescription) -> None:
        until = prescription.valid_to.isoformat() if prescription.valid_to else ""
        self._screen.row(
            f"  {prescription.number}@{prescription.institution}", f"有效至 until {until}".rstrip()
        )

    def _on(self, label: str, day: date | None) -> None:
        if day is not None:
            self._screen.row(label, day.isoformat())

    def _why_not(self, refusal: Refusal | None, *, indent: int = _PART) -> None:
        """Why, and what to do next; what is said of the person, and a step, is not said again."""
        if refusal is None:
            return
        person = self._found.refusal
        if indent == _PERSON or person is None or refusal.zh != person.zh:
            self._screen.said(refusal.zh, refusal.en, indent=indent)
            self._screen.said(*days_of(refusal), indent=indent)
        self._step((refusal.next_zh, refusal.next_en), indent=indent)

    def _step(self, step: Pair, *, indent: int = _PART) -> None:
        if step not in self._steps:
            self._steps.add(step)
            self._screen.said(*step, indent=indent, lead=STEP)
