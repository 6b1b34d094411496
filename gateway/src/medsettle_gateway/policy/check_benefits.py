"""What a benefit leaves unsaid: numbers that the five fixed skip, and rules without a clause."""

from collections.abc import Iterator

from medsettle_gateway.policy.benefit import FiveFixed
from medsettle_gateway.policy.check_rows import Said
from medsettle_gateway.policy.finding import Level
from medsettle_gateway.policy.plan import Rules
from medsettle_gateway.policy.reading import child


def check_benefits(rules: Rules) -> Iterator[Said]:
    """Gaps of the five fixed, and stays over New Year that rest on no clause."""
    for benefit in rules.benefits:
        if benefit.five_fixed is not None:
            yield from _kinds(benefit.five_fixed)
            yield from _window(benefit.five_fixed)
        if benefit.stay is not None and not benefit.stay.clause:
            yield benefit.stay.path, Level.WARNING, "no clause: which one says what decides over New Year?"


def _kinds(five: FiveFixed) -> Iterator[Said]:
    """Numbers of filed conditions of which nothing is said, though something is of more."""
    said = dict(five.drug_kinds)
    for missing in range(1, max(said, default=0)):
        if missing not in said:
            filed = "1 filed condition" if missing == 1 else f"{missing} filed conditions"
            message = f"nothing is said for {filed}: {five.kinds_allowed(missing)} kinds are allowed there"
            yield child(five.path, "drug_kinds"), Level.WARNING, message


def _window(five: FiveFixed) -> Iterator[Said]:
    """A window that is over before the supply is used up."""
    if five.window_days is None or five.days_supply is None or five.window_days >= five.days_supply:
        return
    message = (
        f"every {five.window_days} days, {five.days_supply} days of supply may be dispensed: more than is "
        f"used up; write {five.days_supply} days or more"
    )
    yield child(five.path, "window_days"), Level.WARNING, message
