"""``sale show``: how one sale stands, and who came for the patient. Names and numbers stay masked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from medsettle_gateway.cli.clear_text import clear_options, recorded_access, wanted
from medsettle_gateway.cli.frame import (
    config_option,
    field,
    json_option,
    open_gateway,
    print_json,
    refuse,
    shown_at,
)
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.domain.credential import Proxy, Relation
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import MaskedNameKey, SaleKey
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.domain.names import masked, masked_number
from medsettle_gateway.domain.sale import SaleRecord, findings_of
from medsettle_gateway.storage.facts import load
from medsettle_gateway.storage.proxies import proxy_of

_OF_PROXY: Final = ("name", "id_number", "phone")
_RELATIONS: Final = {
    Relation.SPOUSE: "配偶 spouse",
    Relation.PARENT: "父母 parent",
    Relation.CHILD: "子女 child",
    Relation.OTHER: "其他 other",
}
"""What the one who came is to the patient."""


@click.command("show", short_help="查看一笔业务 how one sale stands")
@click.argument("request_id")
@clear_options
@json_option
@config_option
def show(
    request_id: str, clear: bool, author: str | None, reason: str | None, as_json: bool,  # noqa: FBT001
    config_path: Path,
) -> None:
    """Print how the sale REQUEST_ID stands, what it came to, and who came for the patient.

    With --clear the one who came is named; who looked, and why, is recorded before.
    """
    text, who = _id(request_id).text, wanted(author, reason, clear=clear)
    gateway = open_gateway(config_path)
    with gateway.reading() as connection:
        sale = load(connection, gateway.sealer, (SaleKey(text),)).of(SaleKey(text))
        if sale is None:
            refuse("没有这笔业务的记录。", "No sale is recorded under this id.")
        key = MaskedNameKey(sale.member or "")
        masked_name = load(connection, gateway.sealer, (key,)).of(key) if sale.member else ""
        proxy = proxy_of(connection, gateway.sealer, text)
    if who is not None and proxy is not None:
        recorded_access(gateway, who, f"proxy/{text}", _OF_PROXY)
    came = None if proxy is None else _came(proxy, clear=who is not None)
    if as_json:
        print_json(_plain(sale, masked_name, came))
        return
    for line in _page(sale, masked_name, came):
        click.echo(line)


def _came(proxy: Proxy, *, clear: bool) -> dict[str, str]:
    """Who came, masked unless clear text is asked for."""
    if clear:
        name, id_number, phone = proxy.name, proxy.id_number, proxy.phone
    else:
        name, id_number = masked(proxy.name), masked_number(proxy.id_number)
        phone = masked_number(proxy.phone)
    return {"relation": proxy.relation.value, "name": name, "id_number": id_number, "phone": phone}


def _plain(sale: SaleRecord, masked_name: str, came: dict[str, str] | None) -> dict[str, Any]:
    split = sale.split
    return {
        "request_id": sale.request_id.text,
        "state": sale.state.value,
        "member": sale.member,
        "masked_name": masked_name,
        "service_on": sale.service_on,
        "operator": sale.operator,
        "committed_at": sale.committed_at.isoformat(timespec="seconds"),
        "benefits": [each.benefit for each in sale.settlements],
        "funds": dict(split.funds) if split else {},
        "accounts": dict(split.accounts) if split else {},
        "cash_fen": split.cash_fen if split else None,
        "refusal": None if sale.refusal is None else sale.refusal.reason.value,
        "findings": [
            {"code": each.code, "verdict": each.verdict.value, "zh": each.zh, "en": each.en}
            for each in findings_of(sale)
        ],
        "accepted": dict(sale.accepted),
        "proxy": came,
    }


def _page(sale: SaleRecord, masked_name: str, came: dict[str, str] | None) -> Iterator[str]:
    yield click.style(f"{sale.request_id} {sale.state}", bold=True)
    yield field("参保人", "patient", masked_name or "-")
    yield field("服务日", "service day", sale.service_on)
    yield field("收银员", "operator", sale.operator or "-")
    yield field("最近变动", "committed", shown_at(sale.committed_at))
    yield field("待遇", "benefits", ", ".join(each.benefit or "-" for each in sale.settlements) or "-")
    if sale.split is not None:
        for name, amount_fen in sale.split.funds:
            yield field("基金", "fund", f"{name} {format_fen(amount_fen)}")
        for name, amount_fen in sale.split.accounts:
            yield field("账户", "account", f"{name} {format_fen(amount_fen)}")
        yield field("现金", "cash", format_fen(sale.split.cash_fen))
    if sale.refusal is not None:
        yield field("拒绝原因", "refusal", sale.refusal.reason.value)
    reasons = dict(sale.accepted)
    for found in findings_of(sale):
        why = f"({reasons[found.code]})" if found.code in reasons else ""
        yield field("智能监控", "supervision", f"{found.code}{why} {found.zh}")
    if came is not None:
        relation = _RELATIONS[Relation(came["relation"])]
        yield field("代办人", "proxy", " ".join(filter(None, (relation, *list(came.values())[1:]))))


def _id(text: str) -> RequestId:
    try:
        return RequestId.parse(text)
    except ValueError as error:
        raise WrongValueError("流水号格式不正确", str(error), param_hint="REQUEST_ID") from error
