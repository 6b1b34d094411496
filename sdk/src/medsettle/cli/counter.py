"""Who sits at the counter: what is read from the input, what is asked, where answers go."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TextIO

from medsettle.checks import checked_basket
from medsettle.checks_patient import checked_proxy
from medsettle.cli.as_json import as_json
from medsettle.cli.lines import BasketTextError, basket_of, line_of, payer_of, prescribed
from medsettle.cli.screen import Screen
from medsettle.errors import RequestError, refusal_of, till_error
from medsettle.models import (
    AcceptedWarning,
    Advisory,
    Basket,
    Credential,
    CredentialKind,
    Encounter,
    Proxy,
    Refusal,
    Relation,
)
from medsettle.till_reasons import TillReason
from medsettle.wire.called import Pair
from medsettle.wire.reasons import Reason

CARDS: Final[Mapping[str, CredentialKind]] = {
    "electronic": CredentialKind.ELECTRONIC,
    "identity": CredentialKind.IDENTITY_CARD,
    "social": CredentialKind.SOCIAL_CARD,
}
"""What ``--card`` names."""
_SHOWN: Final[Mapping[str, str]] = {
    "electronic": "请扫医保电子凭证 scan the credential: ",
    "identity": "请读取身份证号 number of the identity card: ",
    "social": "请读取社保卡号 number of the social card: ",
}
_WHY: Final = "预警 {code}:核对后继续的理由,空则不结算 why go on, empty stops the sale: "
_OF_PROXY: Final[Mapping[str, Pair]] = {
    "proxy.name": ("代办人的姓名", "name of the person who came"),
    "proxy.id_number": ("代办人的身份证号", "identity card number of the person who came"),
    "proxy.phone": ("代办人的电话", "phone of the person who came"),
}
_INPUT_CHARS_MAX: Final = 1_024
_YES: Final = frozenset({"y", "yes", "是", "同意"})


class UsageError(Exception):
    """The command line does not fit together. ``str`` has a line in Chinese and one in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")


@dataclass(frozen=True, slots=True)
class Counter:
    """One run of the command. With ``--json`` nothing but the answer is written to the output.

    ``moved``: the ids of sales about which a money call went out in this run.
    """

    arguments: argparse.Namespace
    screen: Screen
    complaints: Screen
    source: TextIO | None
    moved: list[str] = field(default_factory=list)

    @property
    def wants_json(self) -> bool:
        """Is the answer for a program?"""
        return bool(self.arguments.json)

    @property
    def interactive(self) -> bool:
        """Is somebody there to be asked?"""
        return self.source is not None and self.source.isatty()

    def answer(self, value: object, show: Callable[[], None]) -> None:
        """Gives the answer, to a program or to people; ``screen.lost`` has why it could not be shown."""
        try:
            if self.wants_json:
                self.screen.show([as_json(value)])
            else:
                show()
        except Exception as error:  # noqa: BLE001 - the exit code must still say what became of the sale
            self.screen.lost.append(error)

    def credential(self) -> Credential:
        """Returns what the scanner read: given, or one line of the input. Raises RequestError without one."""
        given = self.arguments
        token: str | None = given.credential
        if token is None:
            token = self._asked(_SHOWN[given.card])
        if not token:
            raise RequestError(_nothing_scanned())
        return Credential(token, CARDS[given.card], given.code_type)

    def proxy(self) -> Proxy | None:
        """Returns who came for the patient, one line of the input each, or None. Raises RequestError.

        No argument has it: the list of processes shows arguments to everybody.
        """
        relation: str | None = self.arguments.proxy
        if relation is None:
            return None
        came = Proxy(
            Relation(relation),
            name=self._asked("代办人姓名 name of the person who came: "),
            id_number=self._asked("代办人身份证号 number of that person's identity card: "),
            phone=self._asked("代办人电话(可空) phone, may be empty: "),
        )
        try:
            return checked_proxy(came)
        except RequestError as error:
            raise RequestError(_misread(error.refusal)) from error

    def basket(self) -> Basket:
        """Returns the basket of the command line. Raises UsageError, BasketTextError, RequestError."""
        given = self.arguments
        if (given.basket is None) == (not given.lines):
            raise UsageError("请给出明细或 --basket 文件,二者之一。", "Give lines, or a --basket file.")
        payers = tuple(payer_of(text) for text in given.payer)
        if payers and given.no_accounts:
            raise UsageError("--payer 与 --no-accounts 不能同用。", "Use --payer or --no-accounts, not both.")
        basket = basket_of(given.basket) if given.basket else Basket(tuple(map(line_of, given.lines)))
        if given.rx:
            basket = prescribed(basket, given.rx)
        if given.lines:
            _every_prescription_given(basket)
        return checked_basket(replace(
            basket, benefit=given.benefit or basket.benefit, payers=payers or basket.payers,
            without_accounts=given.no_accounts or basket.without_accounts,
            encounter=_encounter(given, basket.encounter),
        ))

    def accepted(self) -> tuple[AcceptedWarning, ...]:
        """Returns the warnings that the command line accepts. Raises UsageError."""
        return tuple(map(_accepted, self.arguments.accept))

    def accept(self, warnings: tuple[Advisory, ...]) -> tuple[AcceptedWarning, ...]:
        """Returns those of the warnings for which the person at the counter gives a reason."""
        given = ((each, self._asked(_WHY.format(code=each.code))) for each in warnings)
        return tuple(AcceptedWarning(each.code, reason) for each, reason in given if reason)

    def agrees(self, question: str) -> bool:
        """Returns whether the person at the counter says yes; the end of the input says no."""
        self._prompt(f"{question} [y/N] ")
        return self._line().lower() in _YES

    def _asked(self, prompt: str) -> str:
        self._prompt(prompt)
        return self._line()

    def _prompt(self, text: str) -> None:
        if self.interactive:
            self.complaints.write(text)

    def _line(self) -> str:
        if self.source is None:
            return ""
        try:
            return self.source.readline(_INPUT_CHARS_MAX).strip()
        except UnicodeDecodeError as error:
            raise till_error(TillReason.TEXT_NOT_UTF8, field="input") from error


def _every_prescription_given(basket: Basket) -> None:
    """Raises UsageError for a line that names a prescription which no --rx gives."""
    given = {each.prescription_id for each in basket.prescriptions}
    for line in basket.lines:
        named = line.prescription_id
        if named is not None and named not in given:
            raise UsageError(
                f"明细写了 rx={named},还要用 --rx {named} 给出这张处方;外配处方写成 --rx {named}@开方机构。",
                f"A line has rx={named}: give that prescription too, by --rx {named}, or by "
                f"--rx {named}@INSTITUTION if it is an external one.",
            )


def _accepted(text: str) -> AcceptedWarning:
    code, equals, reason = text.partition("=")
    if not (code and equals and reason.strip()):
        raise UsageError(
            f"--accept {text!r} 应写成 预警代码=理由。", f"Write --accept {text!r} as CODE=REASON."
        )
    return AcceptedWarning(code, reason.strip())


def _nothing_scanned() -> Refusal:
    """The reason is the contract's, for programs; its words are for somebody with a scanner in hand."""
    return replace(
        refusal_of(Reason.FIELD_REQUIRED, field="credential"),
        zh="没有扫到凭证。", en="Nothing was scanned.", next_zh="请重新扫码。", next_en="Scan again.",
    )


def _misread(refusal: Refusal) -> Refusal:
    """As above: what was typed of the person who came, without repeating it."""
    zh, en = _OF_PROXY[refusal.details["field"]]
    return replace(
        refusal, zh=f"{zh}缺少或不正确。", en=f"The {en} is missing or not correct.",
        next_zh="请核对证件,重新输入。", next_en="Look at the card and type it again.",
    )


def _encounter(given: argparse.Namespace, known: Encounter | None) -> Encounter | None:
    """The visit of the basket, with what the command line says of it."""
    said = {
        name: value
        for name in ("admitted_on", "discharged_on", "emergency") if (value := getattr(given, name))
    }
    return replace(known or Encounter(), **said) if said else known


__all__ = ["BasketTextError", "Counter", "UsageError"]
