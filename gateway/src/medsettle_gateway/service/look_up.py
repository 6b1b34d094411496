"""GetSale and ListSales: what is recorded. They never write."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.fingerprint import digest_of
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import AnyKey, Facts, MaskedNameKey, SaleKey
from medsettle_gateway.domain.plain import canonical
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import (
    Caller,
    GetSale,
    ListSales,
    RefusedAnswer,
    SaleAnswer,
    SalesAnswer,
)
from medsettle_gateway.service.ports import SaleFilter, SalePosition, Store
from medsettle_gateway.service.recovering import ANYBODY, hidden_from, keys_to_look_up
from medsettle_gateway.service.refused import unrecorded
from medsettle_gateway.service.signed_token import decode, encode

_FILTER_CHARS: Final = 16
_LONGEST_TOKEN_CHARS: Final = 512


async def get_sale(command: GetSale, store: Store) -> SaleAnswer | RefusedAnswer:
    """Returns the sale as it stands; SALE_NOT_FOUND does not mean that it failed.

    RECOVERING while it may have moved on in what was lost: a till would believe the older state, by the
    gateway's own signature.
    """
    request_id = command.request_id.text
    facts = await _at_once((command.request_id,), command.caller, store)
    sale = facts.of(SaleKey(request_id))
    hidden = hidden_from(command.caller, command.request_id, sale, facts)
    if hidden is not None:
        return hidden
    if sale is None:
        return unrecorded(Reason.SALE_NOT_FOUND, request_id)
    (answer,) = await _named((sale,), store)
    return answer


async def list_sales(command: ListSales, store: Store) -> SalesAnswer | RefusedAnswer:
    """Returns a page of the institution's sales, newest first. Raises Refused: PAGE_TOKEN_INVALID.

    RECOVERING, with the tills that are awaited, while one of them may have moved on in what was lost.
    """
    chosen = SaleFilter(
        institution=command.caller.institution,
        states=command.states,
        terminal=command.terminal,
        service_from=command.service_from,
        service_to=command.service_to,
    )
    after = _position(command.page_token, chosen) if command.page_token else None
    # Before the sales: whatever is open now was when they were read.
    recovery = (await store.load((ANYBODY,))).of(ANYBODY)
    # One more than the page holds says whether there is a next one.
    sales = await store.list_sales(chosen, command.page_size + 1, after)
    page = sales[: command.page_size]
    token = _token(page[-1], chosen) if len(sales) > len(page) else ""
    if not any(recovery.hides(sale.request_id.ticket.day) for sale in page):
        return SalesAnswer(await _named(page, store), token)
    shown = await _shown(page, command.caller, store)
    return shown if isinstance(shown, RefusedAnswer) else SalesAnswer(await _named(shown, store), token)


async def _shown(
    page: tuple[SaleRecord, ...], caller: Caller, store: Store
) -> tuple[SaleRecord, ...] | RefusedAnswer:
    facts = await _at_once([sale.request_id for sale in page], caller, store)
    known = [(each.request_id, facts.of(SaleKey(each.request_id.text))) for each in page]
    for request_id, sale in known:
        hidden = hidden_from(caller, request_id, sale, facts)
        if hidden is not None:
            return hidden
    return tuple(sale for _, sale in known if sale is not None)


async def _at_once(request_ids: Iterable[RequestId], caller: Caller, store: Store) -> Facts:
    """Sales and for whom a recovery is open, read at one moment.

    What was read before the last till had compared would be hidden no more, and old.
    """
    asked, facts = tuple(request_ids), Facts()
    keys = _keys_of(asked, caller, facts)
    while any(key not in facts for key in keys):
        facts = await store.load(keys)
        keys = _keys_of(asked, caller, facts)
    return facts


def _keys_of(request_ids: tuple[RequestId, ...], caller: Caller, known: Facts) -> tuple[AnyKey, ...]:
    found = (key for each in request_ids for key in keys_to_look_up(each, caller, known))
    return tuple(dict.fromkeys(found))


async def _named(sales: tuple[SaleRecord, ...], store: Store) -> tuple[SaleAnswer, ...]:
    members = dict.fromkeys(sale.member for sale in sales if sale.member)
    facts = await store.load((ANYBODY, *(MaskedNameKey(member) for member in members)))
    epoch = facts.of(ANYBODY).epoch
    return tuple(
        SaleAnswer(sale, facts.of(MaskedNameKey(sale.member)) if sale.member else "", epoch=epoch)
        for sale in sales
    )


def _token(last: SaleRecord, chosen: SaleFilter) -> str:
    return encode(canonical([last.created_at.isoformat(), last.request_id.text, _digest(chosen)]))


def _position(token: str, chosen: SaleFilter) -> SalePosition:
    try:
        created_at, request_id, digest = _read(token)
        position = SalePosition(datetime.fromisoformat(created_at), str(request_id))
    except (ValueError, TypeError) as error:
        raise refuse(Reason.PAGE_TOKEN_INVALID, field="page_token") from error
    if digest != _digest(chosen) or position.created_at.tzinfo is None:
        raise refuse(Reason.PAGE_TOKEN_INVALID, field="page_token")
    return position


def _read(token: str) -> Any:  # noqa: ANN401 - JSON data of a client
    if len(token) > _LONGEST_TOKEN_CHARS:
        raise ValueError(token[:16])
    return json.loads(decode(token))


def _digest(chosen: SaleFilter) -> str:
    return digest_of(chosen)[:_FILTER_CHARS]
