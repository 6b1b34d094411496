"""Ids that are not this till's: of another till they are looked up and touched with care, of another
institution not at all.
"""

from collections.abc import Callable
from typing import Any

import pytest

from medsettle.errors import RequestError
from medsettle.models import Tendered
from medsettle.till import Till
from tests.sdk.counterpart import Counterpart

CASH = (Tendered("cash", 4000),)
OF_ANOTHER_HOUSE = "H21030000009-01-20260302-1-1"


CALLS: dict[str, Callable[[Till, str], Any]] = {
    "status": lambda till, request_id: till.status(request_id),
    "confirm": lambda till, request_id: till.confirm(request_id, CASH),
    "release": lambda till, request_id: till.release(request_id),
    "reverse": lambda till, request_id: till.reverse(request_id, reason="goods returned"),
    "seal": lambda till, request_id: till.seal(request_id),
    "refunded": lambda till, request_id: till.cash_returned(request_id),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_id_of_another_institution_is_refused_at_once_and_leaves_nothing_open(
    till: Till, counterpart: Counterpart, name: str
) -> None:
    with pytest.raises(RequestError, match="NOT_YOURS"):
        CALLS[name](till, OF_ANOTHER_HOUSE)
    assert (counterpart.seen, till.open_sales()) == ([], ())
