"""What a limit is called: remainders with the titles that the pack gives to their counters."""

from collections.abc import Iterable

from medsettle.wire.called import INSIDE_NAMES, condition_name, named
from medsettle_gateway.domain.counters import Remainder
from medsettle_gateway.policy.benefit import Title
from medsettle_gateway.policy.pack import Pack

_NONE = Title("", "")


def titled(pack: Pack, remainders: Iterable[Remainder]) -> tuple[Remainder, ...]:
    """The same remainders with titles: of a benefit or its condition, of a layer or a limit inside it.

    A counter with a name of its own has the title of the limit around a cap, if the pack gives one.
    """
    found = []
    for left in remainders:
        zh, en = title_of(pack, left.key.counter)
        found.append(Remainder(left.key, left.used_fen, left.limit_fen, left.left_fen, zh, en))
    return tuple(found)


def title_of(pack: Pack, counter: str) -> Title:
    """The title of a counter in a pack; both texts empty where it has none."""
    head, _, tail = counter.partition("/")
    title = pack.titles.get(head, _NONE)
    if not tail or title is _NONE:
        return title
    of_benefit = any(each.id == head for each in pack.benefits)
    zh, en = condition_name(tail) if of_benefit else named(INSIDE_NAMES, tail)
    return Title(f"{title.zh}({zh})", f"{title.en} ({en})")
