"""A sale that the gateway fails to enter again is not lost by that: nobody says that all was shown."""

import pytest

from medsettle_gateway.domain.keys import Facts
from medsettle_gateway.service import reassert
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.reassert import Reenter
from medsettle_gateway.service.use_cases import USE_CASES, UseCase
from tests.gateway.recovery.house import House, Seller, on_the_model
from tests.gateway.recovery.sound import assert_sound


@on_the_model
async def test_a_till_of_whose_sales_one_fails_has_not_compared_until_that_one_is_entered_too(
    house: House, till: Seller, other: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.backs_up()
    failing, whole = await till.sold(100), await till.sold(200)
    account = await house.account()
    await house.restores()

    def decide(command: Reenter, facts: Facts, now: Now) -> Decision:
        if command.request_id == failing:
            raise RuntimeError("broken")
        return reassert.decide(command, facts, now)

    with monkeypatch.context() as broken:
        broken.setitem(USE_CASES, Reenter, UseCase(reassert.needs, decide))
        await till.till.recover()
    assert [await house.state(each) for each in (failing, whole)] == ["ABSENT", "SETTLED"]
    assert (house.compared[-1].refused, house.compared[-1].compared) == (1, False)
    with pytest.raises(Exception, match="RECOVERING"):
        await other.till.seal(failing)
    await till.till.recover()
    assert house.compared[-1].compared
    assert await house.state(failing) == "SETTLED"
    assert await house.account() == account
    assert [what for what, _ in house.reports] == [f"Reenter {failing}"]
    house.reports.clear()
    await assert_sound(house)
