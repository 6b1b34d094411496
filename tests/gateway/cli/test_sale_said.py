"""What an operator is told of a sale after something was done about it."""

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.cli.sale import _say
from medsettle_gateway.service.recompute import AND_MORE
from tests.gateway.storage.stand import sale


def test_sales_that_were_not_looked_through_are_said_to_be_there(capsys: pytest.CaptureFixture[str]) -> None:
    _say(sale(state=SaleState.REVERSED, recompute_due=("later-1", AND_MORE)), as_json=False)
    said = capsys.readouterr().out
    assert "to be calculated again: later-1\n" in said
    assert "More sales came after it" in said
    assert "to be calculated again: +" not in said
