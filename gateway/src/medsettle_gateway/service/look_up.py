"""GetSale and ListSales: what is recorded. They never write."""

import json
from datetime import datetime
from typing import Any, Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.fingerprint import digest_of
from medsettle_gateway.domain.keys import Facts, MaskedNameKey, SaleKey
from medsettle_gateway.domain.plain import canonical
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import GetSale, ListSales, RefusedAnswer, SaleAnswer, SalesAnswer
from medsettle_gateway.service.ports import SaleFilter, SalePosition, Store
from medsettle_gateway.service.quote_token import decode, encode
from medsettle_gateway.service.recovering import ANYBODY, hidden_from, keys_to_look_up
from medsettle_gateway.service.refused import unrecorded

_FILTER_CHARS: Final = 16
_LONGEST_TOKEN_CHARS: Final = 512


async def get_sale(command: GetSale, store: Store) -> SaleAnswer | RefusedAnswer:
    """Returns the sale as it stands; SALE_NOT_FOUND does not mean that it failed.

    RECOVERING while it may have moved on in what was lost: a till would believe the older state, by the
    gateway's own signature.
    """
    request_id = command.request_id.text
    facts, keys = Facts(), keys_to_look_up(command.request_id, command.caller, Facts())
    while any(key not in facts for key in keys):
        # All again and at once: what was read before the last till had compared is hidden no more, and old.
        facts = await store.load(keys)
        keys = keys_to_look_up(command.request_id, command.caller, facts)
    sale = facts.of(SaleKey(request_id))
    hidden = hidden_from(command.caller, command.request_id, sale, facts)
    if hidden is not None:
        return hidden
    if sale is None:
        return unrecorded(Reason.SALE_NOT_FOUND, request_id)
    (answer,) = await _named((sale,), store)
    return answer


async def list_sales(command: ListSales, store: Store) -> SalesAnswer:
    """Returns a page of the institution's sales, newest first. Raises Refused: PAGE_TOKEN_INVALID."""
    chosen = SaleFilter(
        institution=command.caller.institution,
        states=command.states,
        terminal=command.terminal,
        service_from=command.service_from,
        service_to=command.service_to,
    )
    after = _position(command.page_token, chosen) if command.page_token else None
    # One more than the page holds says whether there is a next one.
    sales = await store.list_sales(chosen, command.page_size + 1, after)
    page = sales[: command.page_size]
    token = _token(page[-1], chosen) if len(sales) > len(page) else ""
    return SalesAnswer(await _named(page, store), token)


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
