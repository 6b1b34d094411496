"""``medsettle-gateway order``: emergency orders (应急), signed, dated, and recorded for good."""

import json
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from medsettle.wire.signing import KeySigner, verifier_of
from medsettle_gateway.bootstrap.gateway import load_packs
from medsettle_gateway.cli.days import day_typed
from medsettle_gateway.cli.frame import (
    Gateway,
    config_option,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
    shown_at,
)
from medsettle_gateway.cli.usage import WrongUsageError, WrongValueError
from medsettle_gateway.cli.words import words
from medsettle_gateway.domain.basket import Waiver
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.orders import (
    END_STATEMENT,
    LONGEST_DAYS,
    ORDER_STATEMENT,
    OrderEnd,
    OrderRecord,
    SignedOrder,
    end_text,
    order_text,
)
from medsettle_gateway.files import cells
from medsettle_gateway.service.emergency import Orders
from medsettle_gateway.storage.orders import (
    all_orders,
    has_institutions,
    institutions_missing,
    put_end,
    put_order,
)

F = TypeVar("F", bound=Callable[..., Any])

_WAIVERS: Final = [each.value for each in Waiver]
_A_DAY: Final = timedelta(days=1)
_STATES: Final = {"planned": "未开始 planned", "in_force": "生效中 in force", "ended": "已结束 ended"}


@click.group("order", short_help="应急指令 emergency orders")
def order() -> None:
    """Issue, list and end emergency orders: they lift rules for a time and end by themselves."""


@order.command("issue", short_help="签发应急指令 sign an order")
@click.option("--region", required=True, help="Pooling region code of six digits.")
@click.option("--institution", "institutions", multiple=True, metavar="CODE",
              help="Where it holds; may be repeated. None: everywhere in the region.")
@click.option("--waive", "waives", multiple=True, type=click.Choice(_WAIVERS),
              help="What it lifts; may be repeated.")
@click.option("--skip", "skips", multiple=True, metavar="RULE",
              help="A rule of supervision, by id or kind, that does not look meanwhile; may be repeated.")
@click.option("--from", "holds_from", required=True, callback=day_typed, metavar="DATE",
              help="Its first day.")
@click.option("--to", "holds_to", required=True, callback=day_typed, metavar="DATE", help="Its last day.")
@click.option("--authority", required=True, callback=words, help="Who ordered it.")
@click.option("--document", required=True, callback=words, help="The number of the order's paper.")
@click.option("--by", "author", required=True, callback=words, help="Who enters it.")
@json_option
@config_option
def issue(  # noqa: PLR0913 - one argument an option
    region: str, institutions: tuple[str, ...], waives: tuple[str, ...], skips: tuple[str, ...],
    holds_from: date, holds_to: date, authority: str, document: str, author: str,
    as_json: bool, config_path: Path,  # noqa: FBT001
) -> None:
    """Sign an emergency order with the gateway's root key and record it.

    It holds from its first to its last day, at most 366 days, for every process of the gateway at once.
    Every settlement that is made under it carries its id. Nothing recorded is ever changed or deleted.
    """
    _check_days(holds_from, holds_to)
    if not waives and not skips:
        raise WrongUsageError("至少给出一个 --waive 或 --skip", "give at least one --waive or --skip")
    gateway = open_gateway(config_path)
    record = OrderRecord(
        id=f"{region}-{holds_from:%Y%m%d}-{secrets.token_hex(3)}",
        region=_region(region),
        institutions=tuple(dict.fromkeys(institutions)),
        waives=tuple(Waiver(each) for each in _WAIVERS if each in waives),
        holds_from=holds_from,
        holds_to=holds_to,
        authority=authority,
        document=document,
        author=author,
        issued_at=now(),
        skips=_skips(gateway, region, skips),
    )
    signature = gateway.keys.root.sign(ORDER_STATEMENT + order_text(record).encode())
    with gateway.writing() as connection:
        if not has_institutions(connection, region):
            refuse(
                f"统筹区 {region} 没有登记任何机构;请核对代码,或先导入机构。",
                f"No institution is known in region {region}: look at the code, or import them first.",
            )
        missing = institutions_missing(connection, region, record.institutions)
        if missing:
            listed = ", ".join(missing)
            refuse(
                f"统筹区 {region} 没有登记机构 {listed};请先导入。",
                f"No institution {listed} is known in region {region}: import it first.",
            )
        put_order(connection, record, signature)
    if as_json:
        print_json(_plain(record))
        return
    click.echo(f"应急指令已签发 issued: {record.id}")
    click.echo(f"自 {holds_from} 至 {holds_to} 有效,到期自动失效。")
    click.echo(f"It holds from {holds_from} to {holds_to} and ends by itself.")


@order.command("list", short_help="列出应急指令 list every order")
@json_option
@config_option
def list_orders(as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """List every order ever issued. Exits 1 if one of them is not as it was signed: it does not hold."""
    gateway = open_gateway(config_path)
    with gateway.reading() as connection:
        found = all_orders(connection)
    orders, today = _believed(gateway), day_of(now())
    rows = [_row(orders, signed, today) for signed in found]
    if as_json:
        print_json({"orders": rows})
    else:
        for row in rows:
            click.echo(_line(row))
        if not rows:
            click.echo("没有应急指令。There are no orders.")
    if any(row["state"] == "tampered" for row in rows):
        raise click.exceptions.Exit(1)


@order.command("end", short_help="提前结束应急指令 end an order before its time")
@click.argument("order_id", metavar="ID")
@click.option("--last-day", callback=day_typed, metavar="DATE",
              help="The last day on which it holds  [today].")
@click.option("--by", "author", required=True, callback=words, help="Who ends it.")
@json_option
@config_option
def end(
    order_id: str, last_day: date | None, author: str, as_json: bool, config_path: Path  # noqa: FBT001
) -> None:
    """End the order ID before its time, once. It is recorded who did so, and when.

    It holds to the end of its last day: with yesterday as the last day it stops at once.
    """
    gateway = open_gateway(config_path)
    at = now()
    with gateway.writing() as connection:
        signed = next((each for each in all_orders(connection) if each.id == order_id), None)
        if signed is None:
            refuse(f"没有应急指令 {order_id}。", f"There is no order {order_id}.")
        record = _believed(gateway).read(signed)
        if record is None:
            refuse(
                f"应急指令 {order_id} 与签名不符,它不生效,无需结束。",
                f"The order {order_id} is not as it was signed: it does not hold and needs no end.",
            )
        last_on = last_day or max(day_of(at), record.holds_from - _A_DAY)
        _check_end(record, signed, last_on, at)
        ended = OrderEnd(order_id, last_on, author, at)
        put_end(connection, ended, gateway.keys.root.sign(END_STATEMENT + end_text(ended).encode()))
    if as_json:
        print_json({"id": order_id, "to": last_on.isoformat(), "ended_by": author})
    else:
        click.echo(f"应急指令 {order_id} 于 {last_on} 结束。The order {order_id} ends on {last_on}.")


def _check_days(first: date, last: date) -> None:
    if last < first:
        raise WrongValueError("早于 --from", "is before --from", param_hint="--to")
    if (last - first).days >= LONGEST_DAYS:
        raise WrongValueError(
            f"最长 {LONGEST_DAYS} 天", f"an order holds at most {LONGEST_DAYS} days", param_hint="--to"
        )


def _skips(gateway: Gateway, region: str, named: tuple[str, ...]) -> tuple[str, ...]:
    """The rules, each once. What no pack of the region has would skip nothing, and nobody would notice."""
    if not named:
        return ()
    rules = [
        rule for pack in load_packs(gateway.config) if pack.region == region for rule in pack.rules.watches
    ]
    known = tuple(dict.fromkeys(name for rule in rules for name in (rule.id, rule.kind)))
    for name in named:
        if name not in known:
            listed = ", ".join(known) or "-"
            raise WrongValueError(
                f"统筹区 {region} 的政策包没有监控规则 {name};现有:{listed}",
                f"no pack of region {region} has a rule {name}; those there: {listed}",
                param_hint="--skip",
            )
    return tuple(dict.fromkeys(named))


def _check_end(record: OrderRecord, signed: SignedOrder, last_on: date, at: datetime) -> None:
    if signed.end_statement is not None:
        refuse(
            f"应急指令 {record.id} 已提前结束于 {record.holds_to}。",
            f"The order {record.id} was ended before: it holds to {record.holds_to}.",
        )
    if not max(record.holds_from - _A_DAY, day_of(at) - _A_DAY) <= last_on < record.holds_to:
        refuse(
            f"最后一天应不早于昨天,且早于 {record.holds_to}。",
            f"The last day is yesterday at the earliest, and before {record.holds_to}.",
        )


def _region(text: str) -> str:
    try:
        return cells.region(text)
    except cells.CellError as error:
        raise WrongValueError(error.zh, error.en, param_hint="--region") from error


def _believed(gateway: Gateway) -> Orders:
    root: KeySigner = gateway.keys.root
    return Orders(verifier_of(root.public_key))


def _row(orders: Orders, signed: SignedOrder, today: date) -> dict[str, Any]:
    record = orders.read(signed)
    if record is None:
        return {"id": signed.id, "state": "tampered"}
    state = "planned" if today < record.holds_from else "ended" if today > record.holds_to else "in_force"
    ended = json.loads(signed.end_statement) if signed.end_statement else None
    return {**_plain(record), "state": state, "ended": ended}


def _plain(record: OrderRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "region": record.region,
        "institutions": list(record.institutions),
        "waives": [each.value for each in record.waives],
        "skips": list(record.skips),
        "from": record.holds_from.isoformat(),
        "to": record.holds_to.isoformat(),
        "authority": record.authority,
        "document": record.document,
        "author": record.author,
        "issued_at": record.issued_at.isoformat(),
    }


def _line(row: dict[str, Any]) -> str:
    if row["state"] == "tampered":
        return f"{row['id']}  与签名不符,不生效 not as it was signed: it does not hold"
    where = ", ".join(row["institutions"]) or f"{row['region']} 全区 everywhere"
    state = _STATES[row["state"]]
    lifted = (*row["waives"], *row["skips"])
    ended = row["ended"]
    by = f"  {ended['author']} {_shown(ended['ended_at'])} 结束 ended it" if ended else ""
    return (
        f"{row['id']}  {state}  {row['from']}..{row['to']}  {', '.join(lifted)}  {where}  "
        f"{row['authority']} {row['document']}  {row['author']} {_shown(row['issued_at'])}{by}"
    )


def _shown(instant: str) -> str:
    return shown_at(datetime.fromisoformat(instant))
