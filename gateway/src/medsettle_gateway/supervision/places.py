"""The same person in two places too far apart in time: a lent card, or a stolen one."""

from datetime import timedelta

from medsettle_gateway.domain.past import PastSale
from medsettle_gateway.domain.watching import TwoPlaces
from medsettle_gateway.supervision.seen import Noted, Seen


def two_places(rule: TwoPlaces, seen: Seen) -> Noted | None:
    """Notes that the patient bought in another district within so many minutes.

    Nothing where either district is not known, where the sale is a late claim, or where somebody else is
    known to have come for the patient: then it was not one person in two places.
    """
    here = seen.districts.get(seen.institution)
    if here is None or not seen.is_now or seen.proxied:
        return None
    for sale in elsewhere(rule, seen):
        there = seen.districts.get(sale.institution)
        if there is not None and there != here:
            minutes = (seen.at - sale.at) // timedelta(minutes=1)
            return Noted(
                f"{minutes}分钟前此人在另一区县的机构结算过,请核对本人;代办的请登记代办人。",
                f"{minutes} minutes ago this person bought in another district; see who stands here, and "
                "enter whoever came for the patient.",
            )
    return None


def elsewhere(rule: TwoPlaces, seen: Seen) -> tuple[PastSale, ...]:
    """Returns the sales of other places that are near enough in time, the latest first."""
    since = seen.at - timedelta(minutes=rule.within_minutes)
    near = [
        sale
        for sale in seen.history
        if sale.visited and sale.institution != seen.institution and since < sale.at <= seen.at
    ]
    return tuple(reversed(near))
