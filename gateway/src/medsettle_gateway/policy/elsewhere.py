"""Care in another region: lines follow the place of care, benefits the region of insurance."""

from dataclasses import replace

from medsettle_gateway.policy.pack import Pack


def with_lines_of(pack: Pack, there: Pack) -> Pack:
    """Returns the pack with the line rules of another one; all else, its id and its digest are its own.

    Facts that only the other one declares are told apart for its rows; of two of a name the pack's own holds.
    """
    own = {fact.name for fact in pack.rules.declared}
    more = tuple(fact for fact in there.rules.declared if fact.name not in own)
    rules = replace(pack.rules, lines=there.rules.lines, declared=(*pack.rules.declared, *more))
    return replace(pack, rules=rules, _plans={}, _titles={})
