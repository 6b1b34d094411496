"""Rules about drugs: bought again too early, for too many days, too many kinds.

Of a stay nothing is looked at: what a ward hands out day by day is no purchase at a counter. What is not
stated is not guessed: a line without days of supply is neither too early nor too much.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from medsettle_gateway.domain.past import PastSale
from medsettle_gateway.domain.watching import DrugKinds, Longer, OverDays, RepeatedDrug
from medsettle_gateway.supervision.seen import Noted, Seen, SeenLine, listed


def repeated_drug(rule: RepeatedDrug, seen: Seen) -> Noted | None:
    """Notes drugs of which more is left at home than the rule's days of grace.

    It goes by the national code, so that two strengths or two makers are two drugs.
    """
    if seen.is_stay or not seen.history:
        return None
    bought = _bought(seen.history)
    early: dict[str, date] = {}
    lines: list[SeenLine] = []
    for line in seen.drugs:
        next_on = _again_on(rule, bought.get(line.item_code, ()), line.on)
        if next_on is not None:
            early[line.name] = next_on
            lines.append(line)
    if not lines:
        return None
    zh, en = listed(tuple(early))
    days = sorted(dict.fromkeys(early.values()))
    again = days[0].isoformat() if len(days) == 1 else f"{days[0]}..{days[-1]}"
    return Noted(
        f"{zh}尚未用完,{again}起可以再买。",
        f"{en}: what was bought is not used up; it may be bought again from {again} on.",
        tuple(line.line_id for line in lines),
    )


def bought_again_on(
    rule: RepeatedDrug, history: Iterable[PastSale], item_code: str, on: date
) -> date | None:
    """Returns the first day after ``on`` on which the drug may be bought again; None if it may on ``on``."""
    return _again_on(rule, _bought(history).get(item_code, ()), on)


_Supply = tuple[date, int]
"""A day on which a drug was bought, and for how many days."""


def _bought(history: Iterable[PastSale]) -> dict[str, list[_Supply]]:
    """What was bought of each code, as far as its days were stated."""
    found: dict[str, list[_Supply]] = {}
    for sale in history:
        for line in sale.lines:
            if line.days_supply is not None:
                found.setdefault(line.item_code, []).append((line.on, line.days_supply))
    return found


def _again_on(rule: RepeatedDrug, bought: Iterable[_Supply], on: date) -> date | None:
    ends_on = _used_up_on(rule, bought, on)
    if ends_on is None or (ends_on - on).days <= rule.grace_on(on):
        return None
    days = [ends_on - timedelta(days=rule.grace_days)]
    for each in rule.advances:
        opens = max(each.from_on, ends_on - timedelta(days=each.grace_days))
        if on < opens <= each.to_on:
            days.append(opens)
    return min(days)


def _used_up_on(rule: RepeatedDrug, bought: Iterable[_Supply], on: date) -> date | None:
    """The first day on which nothing is left of what was bought before, or None if nothing was.

    What is bought before the rest is used up lasts from the end of the rest on; but who came within the days
    of grace had every right to, and the rest is forgotten: years of refills two days early are no hoard. More
    than was used since the last purchase is no rest: packs for a week that are bought every day are a hoard.
    """
    since = on - timedelta(days=rule.days)
    ends_on: date | None = None
    last_on = since
    for bought_on, supplied in sorted(each for each in bought if since <= each[0] <= on):
        left_days = 0 if ends_on is None else max(0, (ends_on - bought_on).days)
        if left_days <= min(rule.grace_on(bought_on), (bought_on - last_on).days):
            left_days = 0
        ends_on = bought_on + timedelta(days=left_days + supplied)
        last_on = bought_on
    return ends_on


def over_days(rule: OverDays, seen: Seen) -> Noted | None:
    """Notes drugs that are handed out for more days than the rule allows this patient for this line.

    Lines of one code count together, so that a split line changes nothing.
    """
    if seen.is_stay:
        return None
    stated = [(line, _allowed(rule, seen, line)) for line in seen.drugs if line.days_supply is not None]
    codes: dict[str, list[tuple[SeenLine, int]]] = {}
    for line, allowed in stated:
        codes.setdefault(line.item_code, []).append((line, allowed))
    over = [
        (line, allowed) for line, allowed in stated if _together(codes[line.item_code], allowed) > allowed
    ]
    if not over:
        return None
    zh, en = listed(tuple(line.name for line, _ in over))
    most = max(allowed for _, allowed in over)
    return Noted(
        f"{zh}超过{most}天用量,请减量,或核对处方和备案。",
        f"{en}: more than {most} days of supply; hand out less, or look at prescription and filing.",
        tuple(line.line_id for line, _ in over),
    )


def _together(of_code: Sequence[tuple[SeenLine, int]], allowed: int) -> int:
    """Days of all lines of the code that are allowed no more than this one."""
    return sum(line.days_supply or 0 for line, most in of_code if most <= allowed)


def _allowed(rule: OverDays, seen: Seen, line: SeenLine) -> int:
    most = rule.days_supply
    for each in rule.longer:
        if each.days_supply > most and _fits(each, seen, line):
            most = each.days_supply
    return most


def _fits(longer: Longer, seen: Seen, line: SeenLine) -> bool:
    if longer.benefits and line.benefit not in longer.benefits:
        return False
    if longer.benefits and not longer.conditions:
        return True
    filed = line.condition is not None and line.condition in seen.conditions
    return filed and (not longer.conditions or line.condition in longer.conditions)


def drug_kinds(rule: DrugKinds, seen: Seen) -> Noted | None:
    """Notes more kinds of drugs than the filed conditions ask for, or than one prescription may have.

    Kinds are distinct names: two strengths of a drug are one kind.
    """
    if seen.is_stay:
        return None
    treated = [line for line in seen.drugs if line.condition in seen.conditions]
    groups = [(rule.most(len(seen.conditions)), treated)]
    if rule.prescribed is not None:
        written: dict[str, list[SeenLine]] = {}
        for line in seen.drugs:
            if line.prescription is not None:
                written.setdefault(line.prescription, []).append(line)
        groups += [(rule.prescribed, lines) for lines in written.values()]
    for most, lines in groups:
        kinds = tuple(dict.fromkeys(line.name for line in lines))
        if most is not None and len(kinds) > most:
            return Noted(
                f"药品有{len(kinds)}种,最多{most}种,请减少品种,或核对处方。",
                f"{len(kinds)} kinds of drugs where {most} are allowed; take some out, or look at the "
                "prescription.",
                tuple(line.line_id for line in lines),
            )
    return None
