"""``medsettle-gateway sale``: what is stuck and since when, and what operators may do about it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from medsettle_gateway.cli.acting import system_user
from medsettle_gateway.cli.deciding import Decide, Needs, decided
from medsettle_gateway.cli.frame import (
    config_option,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
    shown_at,
)
from medsettle_gateway.cli.sale_shown import show
from medsettle_gateway.cli.usage import WrongUsageError, WrongValueError
from medsettle_gateway.cli.words import words
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service import office
from medsettle_gateway.service.commands import SaleAnswer
from medsettle_gateway.service.office import (
    NotAllowedError,
    NotCharged,
    PayAsShown,
    ReverseByOffice,
    SettleAgain,
    is_late_refused,
    repaired_as,
)
from medsettle_gateway.service.recompute import AND_MORE
from medsettle_gateway.storage.open_sales import Open, open_sales, recorded, refused_late

_LATE = "REFUSED_LATE"
_SAY_MORE = (
    "此后的业务过多,未能全部查看,其余请自行查对。 "
    "More sales came after it than are looked through; look at the others."
)


@click.group("sale", short_help="处理未了结的业务 look after sales that are stuck")
def sale() -> None:
    """Find the sales that are stuck, and do what tills cannot: by name, and with a reason."""


@sale.command("list", short_help="未了结的业务 what is open, and since when")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650),
              help="How far back refused late confirmations are looked for.")
@click.option("--most", default=1000, show_default=True, type=click.IntRange(1, 100_000),
              help="How many of each kind are listed, oldest first.")
@json_option
@config_option
def list_command(days: int, most: int, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """List what is open: holds, sales that an authority still decides or undoes, and late refusals.

    A late refusal stands here until it is repaired or too old; where the patient has his cash back, nothing
    is left to do.
    """
    gateway = open_gateway(config_path)
    since = now() - timedelta(days=days)
    with gateway.reading() as connection:
        found = open_sales(connection, gateway.sealer, most)
        late = tuple(
            each for each in refused_late(connection, gateway.sealer, since, most)
            if is_late_refused(each)
            and recorded(connection, gateway.sealer, repaired_as(each.request_id).text) is None
        )
    rows = [*map(_open_row, found), *(_late_row(each) for each in late)]
    if as_json:
        print_json({"sales": rows})
        return
    for row in rows:
        at = shown_at(datetime.fromisoformat(row["since"]))
        click.echo(f"{row['request_id']} {row['state']} {at} {row['why_zh']} {row['why_en']}")
    if not rows:
        click.echo("没有未了结的业务。No sale is open.")


def _open_row(each: Open) -> dict[str, Any]:
    record, errand = each
    zh, en = _why(record)
    row = _row(record, record.state.value, zh, en)
    if record.upstream is not None:
        row |= {"authority": record.upstream.authority, "number": record.upstream.number,
                "unwanted": record.upstream.unwanted}
    if errand is not None:
        row |= {"asked_count": errand.attempts, "asked_again_at": _at(errand.due_at)}
    return row


def _late_row(record: SaleRecord) -> dict[str, Any]:
    cash = format_fen(record.split.cash_fen) if record.split else "-"
    return _row(
        record, _LATE, f"确认过迟被拒绝;如已收现金 {cash} 元而未退,请处理",
        f"refused for a late confirmation: see to it if the cash, {cash} yuan, was not given back",
    )


def _row(record: SaleRecord, state: str, zh: str, en: str) -> dict[str, Any]:
    return {
        "request_id": record.request_id.text, "state": state, "since": _at(record.committed_at),
        "cash_fen": record.split.cash_fen if record.split else None, "why_zh": zh, "why_en": en,
    }


def _why(record: SaleRecord) -> tuple[str, str]:
    if record.upstream is not None and record.state in {"PENDING", "UNDOING"}:
        whose = f"{record.upstream.authority} {record.upstream.number}"
        if record.state == "UNDOING":
            return f"等待 {whose} 撤回", f"waits for {whose} to take it back"
        given_up = record.upstream.unwanted
        return (
            f"等待 {whose} 答复" + (",已放弃" if given_up else ""),
            f"waits for the answer of {whose}" + (", and is given up" if given_up else ""),
        )
    until = shown_at(record.hold_expires_at) if record.hold_expires_at else "-"
    if record.state == "HELD":
        return f"预占至 {until}", f"held until {until}"
    return f"预占已于 {until} 到期,等待迟到的确认", f"its hold ended at {until}; a late confirmation may come"


sale.add_command(show)


_by_option = click.option("--by", "author", required=True, callback=words, help="Who decides it.")
_second_option = click.option(
    "--second", required=True, callback=words, help="Who checked it: another person."
)


@sale.command("reverse", short_help="超过收银机时限后由两人撤销 reverse after the till's time")
@click.argument("request_id")
@_by_option
@_second_option
@click.option("--reason", required=True, callback=words, help="Why, for the record.")
@json_option
@config_option
def reverse(
    request_id: str, author: str, second: str, reason: str, as_json: bool, config_path: Path  # noqa: FBT001
) -> None:
    """Reverse a settled sale, however long ago; it takes two people, and its entry is of today.

    Funds and accounts get back what they paid. The patient's cash is the institution's to give back.
    """
    command = ReverseByOffice(_id(request_id), reason, (author, second), system_user())
    done = _done(config_path, command, office.needs_reverse, office.reverse)
    _say(done, as_json=as_json)


@sale.command("not-charged", short_help="其他机构书面确认没有记账 an authority says it in writing")
@click.argument("request_id")
@_by_option
@_second_option
@click.option("--reason", required=True, callback=words,
              help="How the authority confirmed it: the paper's number and day.")
@json_option
@config_option
def not_charged(
    request_id: str, author: str, second: str, reason: str, as_json: bool, config_path: Path  # noqa: FBT001
) -> None:
    """End a sale that is PENDING or UNDOING where its authority never answers; it takes two people.

    Only with the authority's word, given otherwise, that nothing is charged under its number, nor ever will
    be.
    """
    command = NotCharged(_id(request_id), reason, (author, second), system_user())
    done = _done(config_path, command, office.needs_not_charged, office.not_charged)
    _say(done, as_json=as_json)


@sale.command("repair", short_help="补办确认过迟的业务 make up for a late confirmation")
@click.argument("request_id")
@click.option("--again", "consent", metavar="CONSENT", callback=words,
              help="Settle at today's amounts; CONSENT says how the patient agreed to them.")
@click.option("--as-shown", "reason", metavar="REASON", callback=words,
              help="Pay what the patient was shown; the difference goes to variance.")
@_by_option
@click.option("--second", callback=words, help="Who checked it: another person, where it takes two.")
@json_option
@config_option
def repair(
    request_id: str, consent: str | None, reason: str | None, author: str, second: str | None,
    as_json: bool, config_path: Path,  # noqa: FBT001
) -> None:
    """Settle a sale after all whose late confirmation was refused, under an id of its own.

    Only where the patient has not got the cash back. Above the limit (limits.variance_fen) --as-shown takes
    two people.
    """
    if (consent is None) is (reason is None):
        raise WrongUsageError(
            "--again 与 --as-shown 必须且只能给出一个", "name one of --again and --as-shown"
        )
    names = (author,) if second is None else (author, second)
    command: office.Repair
    if consent is not None:
        command = SettleAgain(_id(request_id), consent, names, system_user())
    else:
        command = PayAsShown(_id(request_id), reason or "", names, system_user())
    done = _done(config_path, command, office.needs_repair, office.repair)
    _say(done, as_json=as_json)


def _done(config_path: Path, command: object, needs: Needs, decide: Decide) -> SaleRecord:
    gateway = open_gateway(config_path)
    with gateway.writing() as connection:
        try:
            answer = decided(gateway, connection, command, needs, decide)
        except NotAllowedError as error:
            refuse(error.zh, error.en)
    if not isinstance(answer, SaleAnswer):
        msg = f"{type(command).__name__} was answered by {type(answer).__name__}"
        raise TypeError(msg)
    return answer.sale


def _say(done: SaleRecord, *, as_json: bool) -> None:
    cash_fen = done.split.cash_fen if done.split else 0
    if as_json:
        print_json({
            "request_id": done.request_id.text, "state": done.state.value, "cash_fen": cash_fen,
            "funds": dict(done.split.funds) if done.split else {},
            "accounts": dict(done.split.accounts) if done.split else {},
            "receipt_token": done.receipt_token, "recompute_due": list(done.recompute_due),
        })
        return
    click.echo(f"{done.request_id} {done.state}")
    click.echo(f"现金部分 {format_fen(cash_fen)} 元。The cash part is {format_fen(cash_fen)} yuan.")
    for later in done.recompute_due:
        click.echo(_SAY_MORE if later == AND_MORE else f"须重新计算 to be calculated again: {later}")


def _id(text: str) -> RequestId:
    try:
        return RequestId.parse(text)
    except ValueError as error:
        raise WrongValueError("流水号格式不正确", str(error), param_hint="REQUEST_ID") from error


def _at(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
