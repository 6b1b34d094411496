"""What a foreign till fills in to sell."""

import itertools
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.contract.foreign_client import ForeignTill, RefusedError
from tests.contract.running import Running

LORATADINE = "XR06AXL193A001010100011"
numbers = itertools.count(1)


def new_id(till: ForeignTill, attempt: int = 1, number: int | None = None) -> str:
    today = datetime.now(timezone(timedelta(hours=8))).strftime("%Y%m%d")
    return f"{till.terminal}-{today}-{next(numbers) if number is None else number}-{attempt}"


def shown(gateway: Running, member_no: str) -> dict[str, Any]:
    return {"kind": 1, "token": gateway.credential(member_no)}


def goods(amount_fen: int) -> dict[str, Any]:
    price = f"{amount_fen // 100}.{amount_fen % 100:02d}"
    line = {"item_code": LORATADINE, "quantity": "1", "unit_price": price, "amount_fen": amount_fen}
    return {"lines": [line]}


def at_once() -> dict[str, int]:
    return {"seconds": int(time.time())}


def act(request_id: str, **fields: Any) -> dict[str, Any]:
    return {"request_id": request_id, "operator": "op-7", "requested_at": at_once(), **fields}


def shown_split(split: Any) -> dict[str, Any]:
    def shares(of: Any) -> list[dict[str, Any]]:
        return [{"id": each.id, "amount_fen": each.amount_fen} for each in of]

    return {"funds": shares(split.funds), "accounts": shares(split.accounts), "cash_fen": split.cash_fen}


def sale_of(  # what a sale takes
    till: ForeignTill, gateway: Running, member_no: str, amount_fen: int, collect: str = "NOW", **fields: Any
) -> dict[str, Any]:
    """A Settle of what a quote said."""
    credential, basket = shown(gateway, member_no), goods(amount_fen)
    quote = till.call("Quote", credential=credential, basket=basket)
    return act(
        new_id(till), credential=credential, basket=basket, expected=shown_split(quote.split),
        quote_token=quote.quote_token, collect=till.enum("Collect", f"COLLECT_{collect}"), **fields,
    )


def reason_of(ask: Callable[[], Any]) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        ask()
    return caught.value
