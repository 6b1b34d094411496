"""Cover may end, and benefits may stop, within a stay: what was served from then on no fund pays."""

from datetime import date

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.member import Enrolment, Scheme, Standing
from medsettle_gateway.domain.people import Arrears, Cover, PersonKind, Suspension
from tests.gateway.service.town import REGION, WEI, a_world
from tests.gateway.service.world import basket, line

EMPLOYEE = Cover(REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)


def a_stay() -> Basket:
    """Three days in hospital over the end of June, 100 yuan a day."""
    days = (date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1))
    lines = (
        structs.replace(line(amount_fen=10_000, line_id=str(number)), service_on=on)
        for number, on in enumerate(days, 1)
    )
    return basket(*lines, benefit="inpatient", admitted_on=days[0], discharged_on=days[-1],
                  service_on=days[-1], late_reason="discharged yesterday")


async def test_arrears_that_begin_within_a_stay_leave_the_days_from_then_on_unpaid() -> None:
    town = await a_world()
    town.record(PersonKind.ARREARS, "2026-07-01..", Arrears())
    sale = await town.settled(who=WEI, basket=a_stay())
    assert sale.split is not None
    assert dict(sale.split.funds) == {"pooled": 10_000}


async def test_a_suspension_that_begins_within_a_stay_leaves_the_days_from_then_on_unpaid() -> None:
    town = await a_world()
    town.record(PersonKind.SUSPENSION, "2026-06-30..2026-06-30", Suspension("one day"))
    sale = await town.settled(who=WEI, basket=a_stay())
    assert sale.split is not None
    assert dict(sale.split.funds) == {"pooled": 5_000}


async def test_days_of_a_stay_between_two_periods_of_cover_are_not_paid() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "2020-01-01..2026-06-29", EMPLOYEE)
    town.record(PersonKind.COVER, "2026-07-01..", EMPLOYEE)
    sale = await town.settled(who=WEI, basket=a_stay())
    assert sale.split is not None
    assert dict(sale.split.funds) == {"pooled": 5_000}


async def test_who_was_not_covered_when_admitted_is_not_covered_for_the_stay() -> None:
    town = await a_world()
    town.record(PersonKind.SUSPENSION, "2026-06-01..2026-06-29", Suspension("until admission"))
    answer = await town.refused(town.settle(basket=a_stay(), credential=town.credential(WEI)))
    assert answer.refusal.reason is Reason.BENEFITS_SUSPENDED


async def test_a_stay_of_which_nothing_stops_is_paid_whole() -> None:
    town = await a_world()
    sale = await town.settled(who=WEI, basket=a_stay())
    assert sale.split is not None
    assert dict(sale.split.funds) == {"pooled": 15_000}
