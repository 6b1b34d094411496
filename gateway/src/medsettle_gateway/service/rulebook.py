"""The packs of a gateway as decisions ask for them: of a region, on a day, as far as they were known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refused, refuse
from medsettle_gateway.domain.person_rules import NO_RULES, PersonRules, together
from medsettle_gateway.domain.tracing import NO_TRACE_RULE, TraceRule
from medsettle_gateway.domain.watching import WatchRule
from medsettle_gateway.domain.work_rules import WorkRules
from medsettle_gateway.domain.work_rules import together as work_together
from medsettle_gateway.policy.elsewhere import with_lines_of
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.authority import Question, Visit

_KEPT_MOST: Final = 256


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The loaded packs. What is found for a day is kept: the days of sales are few."""

    packs: Packs
    _windows: dict[str, int] = field(init=False, repr=False, default_factory=dict)
    _kept: dict[tuple[str, str, date, date], tuple[tuple[Pack, ...], bool]] = field(
        init=False, repr=False, default_factory=dict
    )
    _known: dict[tuple[str, date], tuple[Pack, ...]] = field(init=False, repr=False, default_factory=dict)
    _says_who: set[str] = field(init=False, repr=False, default_factory=set)
    _persons: dict[tuple[str, str, date, date], PersonRules] = field(
        init=False, repr=False, default_factory=dict
    )
    _work: dict[tuple[str, str | None, date, date], WorkRules] = field(
        init=False, repr=False, default_factory=dict
    )
    _elsewhere: dict[tuple[str, str], Pack] = field(init=False, repr=False, default_factory=dict)
    _watched: set[str] = field(init=False, repr=False, default_factory=set)
    _traced: set[str] = field(init=False, repr=False, default_factory=set)
    _traces: dict[tuple[str, date, date], TraceRule] = field(init=False, repr=False, default_factory=dict)
    _watches: dict[tuple[str, str, date, date], tuple[WatchRule, ...]] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for pack in self.packs:
            if pack.rules.persons != NO_RULES:
                self._says_who.add(pack.region)
            if pack.rules.tracing != NO_TRACE_RULE:
                self._traced.add(pack.region)
            if pack.rules.watches:
                self._watched.add(pack.region)
            for fixed in (each.five_fixed for each in pack.benefits):
                days = 0 if fixed is None else fixed.window_days or 0
                self._windows[pack.region] = max(days, self._windows.get(pack.region, 0))

    def watches(self, region: str, scheme: str, on: date, known_on: date) -> tuple[WatchRule, ...]:
        """Returns the rules that look at sales of the scheme's members, by pack; of one id the first.

        Empty where the region has none: nothing is looked up then.
        """
        if region not in self._watched:
            return ()
        key = (region, scheme, on, known_on)
        found = self._watches.get(key)
        if found is None:
            if len(self._watches) >= _KEPT_MOST:
                self._watches.clear()
            rules: dict[str, WatchRule] = {}
            for pack in self.packs.in_region(region, on, known_on):
                for rule in pack.rules.watches if _is_of(pack, scheme) else ():
                    rules.setdefault(rule.id, rule)
            found = self._watches[key] = tuple(rules.values())
        return found

    def persons(self, region: str, scheme: str, on: date, known_on: date) -> PersonRules:
        """Returns what the region says of persons of a scheme: each rule by the first pack that has it."""
        if region not in self._says_who:
            return NO_RULES
        key = (region, scheme, on, known_on)
        found = self._persons.get(key)
        if found is None:
            if len(self._persons) >= _KEPT_MOST:
                self._persons.clear()
            packs = self.packs.in_region(region, on, known_on)
            ours = [each.rules.persons for each in packs if _is_of(each, scheme)]
            found = self._persons[key] = together(ours)
        return found

    def work(self, region: str, scheme: str | None, on: date, known_on: date) -> WorkRules:
        """Returns what the region asks of places, staff and filings for members of a scheme, None: of any."""
        key = (region, scheme, on, known_on)
        found = self._work.get(key)
        if found is None:
            if len(self._work) >= _KEPT_MOST:
                self._work.clear()
            packs = self.packs.in_region(region, on, known_on)
            found = self._work[key] = work_together(
                each.rules.work for each in packs if scheme is None or _is_of(each, scheme)
            )
        return found

    def trace_rule(self, region: str, on: date, known_on: date) -> TraceRule:
        """Returns what the region asks of traceability codes: by the first of its packs that says it."""
        if region not in self._traced:
            return NO_TRACE_RULE
        key = (region, on, known_on)
        found = self._traces.get(key)
        if found is None:
            if len(self._traces) >= _KEPT_MOST:
                self._traces.clear()
            rules = (pack.rules.tracing for pack in self.packs.in_region(region, on, known_on))
            asked = (rule for rule in rules if rule != NO_TRACE_RULE)
            found = self._traces[key] = next(asked, NO_TRACE_RULE)
        return found

    def window_days(self, region: str) -> int:
        """Returns in how many days, the sale's own included, a benefit counts what was handed out.

        0 where none of the region's does.
        """
        return self._windows.get(region, 0)

    def of_region(
        self, region: str, scheme: str, on: date, known_on: date, benefit: str | None = None
    ) -> tuple[Pack, ...]:
        """Returns the region's packs that decide the day by what was known, by id.

        Raises Refused: PACK_NOT_IN_FORCE, if none of them is of the scheme. One of another scheme that has
        the ``benefit`` asked for will do: it says whom that is for.
        """
        key = (region, scheme, on, known_on)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _KEPT_MOST:
                self._kept.clear()
            packs = self.packs.in_region(region, on, known_on)
            found = self._kept[key] = (packs, any(_is_of(pack, scheme) for pack in packs))
        packs, is_of_scheme = found
        if not is_of_scheme and not any(pack.rules.benefit(benefit or "") for pack in packs):
            raise refuse(Reason.PACK_NOT_IN_FORCE, region=region, scheme=scheme, date=on.isoformat())
        return packs

    def pack_of_scheme(self, region: str, scheme: str, on: date, known_on: date) -> Pack:
        """Returns the scheme's pack with account rules, else its first. Raises Refused: PACK_NOT_IN_FORCE."""
        ours = [pack for pack in self.of_region(region, scheme, on, known_on) if _is_of(pack, scheme)]
        return next((pack for pack in ours if pack.accounts is not None), ours[0])

    def versions_known(self, known_on: date) -> Callable[[str], Sequence[Pack]]:
        """Returns what tells the versions of a pack that were known on a day."""
        return lambda pack: self._versions(pack, known_on)

    def _versions(self, pack: str, known_on: date) -> tuple[Pack, ...]:
        found = self._known.get((pack, known_on))
        if found is None:
            if len(self._known) >= _KEPT_MOST:
                self._known.clear()
            found = self._known[pack, known_on] = self.packs.versions(pack, known_on)
        return found

    def work_at(self, asked: Question | Visit, insured: WorkRules) -> WorkRules:
        """Returns what the region of the place asks: that of insurance, or another one."""
        region = asked.institution.region
        if region == asked.member.region:
            return insured
        return self.work(region, None, asked.service_on, asked.known_on)

    def pack_at(self, asked: Question | Visit) -> Pack | None:
        """Returns the pack whose line rules hold at a place in another region, if that region has one."""
        region, member = asked.institution.region, asked.member
        if region == member.region:
            return None
        try:
            return self.pack_of_scheme(region, member.scheme.value, asked.service_on, asked.known_on)
        except Refused:
            return None  # none is in force there

    def with_lines_of(self, pack: Pack, there: Pack | None) -> Pack:
        """Returns the pack with the line rules of the place's, None: with its own."""
        if there is None:
            return pack
        key = (pack.digest, there.digest)
        found = self._elsewhere.get(key)
        if found is None:
            if len(self._elsewhere) >= _KEPT_MOST:
                self._elsewhere.clear()
            found = self._elsewhere[key] = with_lines_of(pack, there)
        return found

    def versions_there(self, known_on: date, there: Pack | None) -> Callable[[str], Sequence[Pack]]:
        """Returns what tells the versions of a pack that were known, with the line rules of the place's."""
        if there is None:
            return self.versions_known(known_on)
        return lambda pack: [self.with_lines_of(each, there) for each in self._versions(pack, known_on)]

    def same(self, pack: str, digest: str, on: date) -> Pack | None:
        """Returns the very file that decided a day before, or None if it is not loaded any more."""
        versions = self.packs.versions(pack)
        return next((each for each in versions if each.digest == digest and each.in_force(on)), None)


def _is_of(pack: Pack, scheme: str) -> bool:
    return any(scheme in pack.schemes(benefit) for benefit in pack.benefits)
