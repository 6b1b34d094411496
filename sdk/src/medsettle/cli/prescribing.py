"""The command ``medsettle prescription``: register, fetch, review, withdraw."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from medsettle.cli.at_till import configured, manned, open_till
from medsettle.cli.counter import Counter, UsageError
from medsettle.cli.parser import PAID
from medsettle.cli.screen import GREEN, RED, YELLOW, Screen
from medsettle.clock import SystemClock
from medsettle.errors import RefusedError, RequestError, refusal_of
from medsettle.models import (
    Credential,
    PrescribedDrug,
    PrescriptionOrder,
    PrescriptionState,
    Refusal,
    RegisteredDrug,
    RegisteredPrescription,
)
from medsettle.ticket import china_day
from medsettle.till import Till
from medsettle.wire.called import Pair
from medsettle.wire.reasons import Reason

_STATES: Final[dict[str, tuple[str, str]]] = {
    PrescriptionState.REGISTERED: ("已登记,待药师审核 registered, not reviewed yet", YELLOW),
    PrescriptionState.APPROVED: ("审核通过 approved", GREEN),
    PrescriptionState.REJECTED: ("审核未通过 rejected", RED),
    PrescriptionState.DISPENSED: ("已配完 dispensed", YELLOW),
    PrescriptionState.WITHDRAWN: ("已撤回 withdrawn", RED),
    PrescriptionState.EXPIRED: ("已过期 expired", RED),
}
_OF_ORDER: Final[Mapping[str, Pair]] = {
    "prescription.number": ("编号", "number"),
    "prescription.issued_on": ("开具日期", "day of issue"),
    "prescription.valid_to": ("有效期截止日", "last day of validity"),
    "prescription.dispensings": ("可配次数", "number of dispensings"),
}
_NOT_OPEN: Final[Pair] = (
    "没有这位患者的这张可配处方:未登记,不是本人的,或已配完、撤回、过期。",
    "The patient has no such prescription to fill: unknown, another's, or dispensed, withdrawn or expired.",
)
_OF_DRUG: Final = ("days", "condition", "dosage")


def prescription(counter: Counter) -> int:
    """Does the act that was asked for and shows how the prescriptions stand. Returns 0."""
    config = manned(counter)
    asked = _ACTS[counter.arguments.act](counter)
    with open_till(counter, config) as till:
        try:
            found: Sequence[RegisteredPrescription] = asked(till)
        except RequestError as error:
            raise RequestError(_miswritten(error.refusal)) from error
    single = counter.arguments.act != "fetch"
    counter.answer(found[0] if single else found, lambda: _show(counter.screen, found))
    return PAID


def _miswritten(refusal: Refusal) -> Refusal:
    """The reason is the contract's, for programs; its words are for whoever typed the prescription."""
    name = _OF_ORDER.get(refusal.details.get("field", ""))
    if name is None:
        return refusal
    return replace(
        refusal, zh=f"处方的{name[0]}不正确。", en=f"The prescription's {name[1]} is not right.",
        next_zh="请核对处方,重新输入。", next_en="Look at the prescription and type it again.",
    )


def _register(counter: Counter) -> Any:  # noqa: ANN401 - what is to be asked of a till
    given, credential = counter.arguments, counter.credential()
    order = PrescriptionOrder(
        given.number, given.prescriber, given.issued or china_day(SystemClock().now()), given.valid_to,
        tuple(map(drug_of, given.drugs)), given.dispensings, tuple(given.diagnosis), given.dual_channel,
    )
    return lambda till: (till.register_prescription(credential, order),)


def _fetch(counter: Counter) -> Any:  # noqa: ANN401 - as above
    given, credential = counter.arguments, counter.credential()
    return lambda till: till.fetch_prescriptions(
        credential, number=given.number, institution=given.institution
    )


def _review(counter: Counter) -> Any:  # noqa: ANN401 - as above
    given = counter.arguments
    number, at, institution = given.prescription.partition("@")
    if not (number and at and institution):
        raise UsageError(
            f"处方应写成 处方号@开方机构,不是 {given.prescription!r}。",
            f"Name the prescription as NUMBER@INSTITUTION, not {given.prescription!r}.",
        )
    ours = institution == configured(counter).institution
    credential = None if ours else counter.credential()

    def act(till: Till) -> tuple[RegisteredPrescription]:
        token = "" if credential is None else _shown(till, credential, number, institution)
        return (till.review_prescription(
            number, institution, pharmacist=given.pharmacist, approved=given.approve,
            note=given.reject or given.note, review_token=token,
        ),)

    return act


def _shown(till: Till, credential: Credential, number: str, institution: str) -> str:
    """That the patient is here: another institution's prescription is reviewed for nobody else.

    What may be dispensed no more is not fetched either, so that it cannot be told from what never was.
    """
    found = till.fetch_prescriptions(credential, number=number, institution=institution)
    if not found:
        unknown = refusal_of(Reason.PRESCRIPTION_UNKNOWN, number=number, institution=institution)
        raise RefusedError(replace(unknown, zh=_NOT_OPEN[0], en=_NOT_OPEN[1]))
    return found[0].review_token


def _withdraw(counter: Counter) -> Any:  # noqa: ANN401 - as above
    given = counter.arguments
    return lambda till: (till.withdraw_prescription(given.number, reason=given.reason),)


_ACTS: Final = {"register": _register, "fetch": _fetch, "review": _review, "withdraw": _withdraw}


def drug_of(text: str) -> PrescribedDrug:
    """Returns the drug of ``CODE*QTY,days=N,...``. Raises UsageError."""
    named, *rest = text.split(",")
    code, times, quantity = named.partition("*")
    said = dict(each.partition("=")[::2] for each in rest)
    days = said.get("days", "")
    if not (code and times and quantity) or set(said) - set(_OF_DRUG) or not (days.isdigit() or not days):
        raise UsageError(
            f"药品应写成 编码*数量,可加 ,days=天数 ,condition=病种 ,dosage=用法,不是 {text!r}。",
            f"A drug is CODE*QTY, with ,days=N ,condition=ID ,dosage=TEXT if wanted, not {text!r}.",
        )
    return PrescribedDrug(
        code, quantity, int(days) if days else None, said.get("dosage", ""), said.get("condition") or None
    )


def _show(screen: Screen, found: Sequence[RegisteredPrescription]) -> None:
    if not found:
        screen.said("患者没有可配的处方。", "There is no prescription to dispense for the patient.", indent=0)
    for each in found:
        _one(screen, each)


def _one(screen: Screen, known: RegisteredPrescription) -> None:
    state, colour = _STATES.get(known.state, (str(known.state), YELLOW))
    screen.row(f"{known.number}@{known.institution}", state, colour)
    screen.row("  患者 patient", known.masked_name)
    days = f"{known.issued_on or ''} - {known.valid_to or ''}"
    screen.row("  有效期 valid", days)
    screen.row("  医师 prescriber", known.prescriber)
    if known.dispensings > 1:
        screen.row("  可配次数 dispensings", str(known.dispensings))
    if known.dual_channel:
        screen.row("  双通道 dual channel", "是 yes")
    for drug in known.drugs:
        _drug(screen, drug)
    for review in known.reviews:
        said = "通过 approved" if review.approved else "未通过 rejected"
        who = f"  药师 pharmacist {review.pharmacist} ({review.institution})"
        screen.row(who, f"{said} {review.note}".rstrip())


def _drug(screen: Screen, drug: RegisteredDrug) -> None:
    screen.row(f"  {drug.item_code} {drug.dosage}".rstrip(), f"每次 each {drug.quantity}")
    screen.row("    已配 dispensed", drug.dispensed_quantity)
    screen.row("    可配 left", drug.left_quantity)
