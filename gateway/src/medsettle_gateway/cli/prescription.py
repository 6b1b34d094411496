"""``medsettle-gateway prescription``: what clinics registered, and what is dispensed of it."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import click

from medsettle.wire.signing import KeyInvalidError, decode, digested_statement, verifier_of
from medsettle_gateway.cli.frame import (
    config_option,
    field,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
    shown_at,
)
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.facts import KeyRecord
from medsettle_gateway.domain.keys import KeyRecordKey, PrescriptionKey
from medsettle_gateway.domain.money import format_quantity
from medsettle_gateway.domain.prescriptions import PrescriptionFacts, PrescriptionState, SignedRequest
from medsettle_gateway.storage.facts import load
from medsettle_gateway.storage.prescriptions_listed import prescriptions_listed
from medsettle_gateway.storage.register import member_of

_STATES: Final[Mapping[PrescriptionState, str]] = {
    PrescriptionState.REGISTERED: "已登记 registered",
    PrescriptionState.APPROVED: "审核通过 approved",
    PrescriptionState.REJECTED: "审核未通过 rejected",
    PrescriptionState.DISPENSED: "已配完 dispensed",
    PrescriptionState.WITHDRAWN: "已撤回 withdrawn",
    PrescriptionState.EXPIRED: "已过期 expired",
}


@click.group("prescription", short_help="登记的处方 prescriptions that clinics registered")
def prescription() -> None:
    """Look at registered prescriptions: who signed them, who reviewed them, which sales dispense them."""


@prescription.command("list", short_help="列出处方 the latest prescriptions")
@click.option("--institution", default="", help="Only those that this institution registered.")
@click.option("--member", "member_no", default="", help="Only those of the member with this number.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 1000),
              help="How many are listed, the latest first.")
@json_option
@config_option
def list_command(
    institution: str, member_no: str, most: int, as_json: bool, config_path: Path  # noqa: FBT001
) -> None:
    """List registered prescriptions, the latest first."""
    gateway = open_gateway(config_path)
    with gateway.reading() as connection:
        member = member_of(connection, gateway.sealer, member_no) if member_no else ""
        if member is None:
            refuse("没有这个个人编号。", "No member has this number.")
        found = prescriptions_listed(
            connection, gateway.sealer, most, institution=institution, member=member
        )
    today = day_of(now())
    if as_json:
        print_json({"prescriptions": [_plain(each, today) for each in found]})
        return
    for each in found:
        known = each.prescription
        click.echo(
            f"{known.institution} {known.number} {known.issued_on} - {known.valid_to} "
            f"{_STATES[each.state_on(today)]}"
        )
    if not found:
        click.echo("没有处方。 There is none.")


@prescription.command("show", short_help="一张处方的全部记录 all that is known of a prescription")
@click.argument("institution")
@click.argument("number")
@json_option
@config_option
def show(institution: str, number: str, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Print what INSTITUTION registered under NUMBER, and all that came after.

    The signature of the terminal that registered it is verified anew, with the key as it is on record.
    """
    gateway = open_gateway(config_path)
    with gateway.reading() as connection:
        key = PrescriptionKey(institution, number)
        found = load(connection, gateway.sealer, (key,)).of(key)
        if found is None:
            refuse("没有这张处方。", "There is no such prescription.")
        of_key = KeyRecordKey(found.prescription.signed.key)
        record = load(connection, gateway.sealer, (of_key,)).of(of_key)
    proven, today = is_proven(found.prescription.signed, record), day_of(now())
    if as_json:
        print_json({**_plain(found, today), "signature_holds": proven})
        return
    for line in _page(found, today, proven=proven):
        click.echo(line)


def is_proven(signed: SignedRequest, record: KeyRecord | None) -> bool:
    """Returns whether the key on record signed the request of that digest."""
    if record is None or record.terminal != signed.terminal:
        return False
    statement = digested_statement(
        signed.audience, signed.method, signed.terminal, signed.key, signed.timestamp_ms, signed.nonce,
        signed.request_digest,
    )
    try:
        return verifier_of(record.public_key).verify(decode(signed.signature), statement)
    except KeyInvalidError:
        return False


def _plain(found: PrescriptionFacts, today: date) -> dict[str, Any]:
    known = found.prescription
    return {
        "institution": known.institution,
        "number": known.number,
        "member": known.member,
        "prescriber": known.prescriber,
        "issued_on": known.issued_on.isoformat(),
        "valid_to": known.valid_to.isoformat(),
        "dispensings": known.dispensings,
        "diagnoses": list(known.diagnoses),
        "dual_channel": known.dual_channel,
        "state": found.state_on(today).value,
        "registered_at": shown_at(known.registered_at),
        "operator": known.operator,
        "signed_by": known.signed.terminal,
        "key": known.signed.key,
        "request_digest": known.signed.request_digest,
        "drugs": [
            {
                "item_code": drug.item_code,
                "quantity": format_quantity(drug.quantity_e4),
                "days_supply": drug.days_supply,
                "dosage": drug.dosage,
                "condition": drug.condition,
                "dispensed_quantity": format_quantity(found.drawn_e4.get(drug.item_code, 0)),
                "left_quantity": format_quantity(found.left_e4(drug.item_code)),
            }
            for drug in known.drugs
        ],
        "reviews": [
            {
                "pharmacist": each.pharmacist,
                "institution": each.institution,
                "approved": each.approved,
                "note": each.note,
                "reviewed_at": shown_at(each.reviewed_at),
            }
            for each in found.reviews
        ],
        "withdrawal": None if found.withdrawal is None else {
            "reason": found.withdrawal.reason,
            "operator": found.withdrawal.operator,
            "withdrawn_at": shown_at(found.withdrawal.withdrawn_at),
        },
        "sales": list(found.sales),
    }


def _page(found: PrescriptionFacts, today: date, *, proven: bool) -> Iterator[str]:
    known, signed = found.prescription, found.prescription.signed
    yield f"处方 / prescription {known.institution} {known.number}: {_STATES[found.state_on(today)]}"
    yield field("患者", "patient", known.member)
    yield field("医师", "prescriber", known.prescriber)
    yield field("有效期", "valid", f"{known.issued_on} - {known.valid_to}")
    yield field("可配次数", "dispensings", known.dispensings)
    if known.dual_channel:
        yield field("双通道", "dual channel", "是 yes")
    yield field("登记时间", "registered", f"{shown_at(known.registered_at)} {known.operator}")
    yield field("登记终端", "signed by", f"{signed.terminal} {signed.key}")
    yield field("签名核对", "signature", "一致 holds" if proven else "不一致 does not hold")
    for drug in known.drugs:
        yield f"  {drug.item_code} {drug.dosage}".rstrip()
        yield field("每次", "each", format_quantity(drug.quantity_e4), indent=4)
        yield field("已配", "dispensed", format_quantity(found.drawn_e4.get(drug.item_code, 0)), indent=4)
        yield field("可配", "left", format_quantity(found.left_e4(drug.item_code)), indent=4)
    for each in found.reviews:
        said = "通过 approved" if each.approved else f"未通过 rejected: {each.note}"
        at = shown_at(each.reviewed_at)
        yield field("药师审核", "review", f"{at} {each.pharmacist} {each.institution} {said}")
    if found.withdrawal is not None:
        at = shown_at(found.withdrawal.withdrawn_at)
        yield field("撤回", "withdrawn", f"{at} {found.withdrawal.operator}: {found.withdrawal.reason}")
    for request_id in found.sales:
        yield field("配药业务", "sale", request_id)
