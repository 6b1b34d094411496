"""From what was asked and what the store knows to the question that the authority decides."""

from datetime import date, datetime, timedelta
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.calendar import day_begins_at, day_of
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.sale import SaleHead
from medsettle_gateway.service.desk import Rules

_A_DAY: Final = timedelta(days=1)


def wanted_day(basket: Basket, quoted_on: date | None, at: datetime) -> date:
    """Returns the day of service that is asked for: stated, of discharge, quoted, or the gateway's."""
    return basket.service_on or basket.discharged_on or quoted_on or day_of(at)


def check_day(basket: Basket, quoted_on: date | None, at: datetime, rules: Rules) -> date:
    """Returns the day of service.

    It is the gateway's day; the day before of a quote, or shortly after midnight; or an older one with a
    reason for the late claim; and each line's. Of a stay it is the day of discharge, or of the interim bill,
    and its lines are of any day from admission on, which is bounded. Raises Refused: SERVICE_DATE_INVALID.
    """
    day = _day(basket, quoted_on, at, rules)
    begins_on = day if basket.admitted_on is None else basket.admitted_on
    if begins_on > day or basket.discharged_on not in {None, day}:
        raise refuse(
            Reason.SERVICE_DATE_INVALID,
            service_on=day.isoformat(), admitted_on=str(basket.admitted_on or "-"),
            discharged_on=str(basket.discharged_on or "-"),
        )
    if day - begins_on > rules.stay:
        raise refuse(
            Reason.SERVICE_DATE_INVALID,
            service_on=day.isoformat(), admitted_on=begins_on.isoformat(), stay_days=str(rules.stay.days),
        )
    for line in basket.lines:
        # What the sale's day decides (catalogue, cover) no line may move past the reason of a late claim.
        if line.service_on is not None and not begins_on <= line.service_on <= day:
            raise refuse(
                Reason.SERVICE_DATE_INVALID,
                line=line.line_id, service_on=line.service_on.isoformat(), sale_on=day.isoformat(),
            )
    return day


def check_stay(final: SaleHead | None, basket: Basket) -> None:
    """Raises Refused: STAY_ENDED, where the stay has its final bill already, this or another day's."""
    if final is not None:
        raise refuse(
            Reason.STAY_ENDED, request_id=final.request_id, admitted_on=str(basket.admitted_on or "-")
        )


def _day(basket: Basket, quoted_on: date | None, at: datetime, rules: Rules) -> date:
    wanted, today = wanted_day(basket, quoted_on, at), day_of(at)
    # A quote carries its day over midnight. It is no reason for a late claim: that is stated in the sale.
    if wanted == today or wanted == quoted_on == today - _A_DAY:
        return wanted
    just_past = wanted == today - _A_DAY and at < day_begins_at(today) + rules.midnight_grace
    if wanted > today or not (just_past or basket.late_reason):
        raise refuse(
            Reason.SERVICE_DATE_INVALID, service_on=wanted.isoformat(), gateway_on=today.isoformat()
        )
    return wanted


def check_age(service_on: date, at: datetime, rules: Rules) -> None:
    """Raises Refused: SERVICE_DATE_INVALID, for a claim that comes later than any is accepted."""
    today = day_of(at)
    if today - service_on > rules.late_claim:
        raise refuse(
            Reason.SERVICE_DATE_INVALID,
            service_on=service_on.isoformat(), gateway_on=today.isoformat(),
            late_claim_days=str(rules.late_claim.days),
        )


def item_codes(basket: Basket) -> tuple[str, ...]:
    """Returns the codes of the basket, sorted, each once."""
    return tuple(sorted({line.item_code for line in basket.lines}))
