"""What a cashier is told of lines that were refused: each line why, and each next step once."""

from medsettle.models import LineRefusal, Refusal
from medsettle.wire.called import Pair


def told(refusal: Refusal) -> list[Pair]:
    """Returns a sentence for each refused line, and one for those that the answer had no room for."""
    said = [(f"{where(each)[0]}{each.zh}", f"{where(each)[1]}{each.en}") for each in refusal.lines]
    return [*said, *untold(refusal)]


def where(line: LineRefusal) -> Pair:
    """Returns which line it is, to stand before its sentence."""
    return f"第{line.line_id}行 {line.item_code}:", f"Line {line.line_id}, {line.item_code}: "


def untold(refusal: Refusal) -> list[Pair]:
    """Returns how many lines more were refused than the answer names; nothing where it names all."""
    more = refusal.lines_count - len(refusal.lines)
    if more <= 0 or not refusal.lines:
        return []
    return [(f"另有{more}行也不能结算。", f"{more} more lines were refused too.")]


def steps(refusal: Refusal) -> list[Pair]:
    """Returns what to do next about the lines, each step once, in the order of the lines."""
    found = dict.fromkeys((each.next_zh, each.next_en) for each in refusal.lines)
    return [pair for pair in found if any(pair)]


def named(line: LineRefusal) -> str:
    """Returns the reason and the facts of a line, as REASON NAME=VALUE in order."""
    facts = [f"{name}={value}" for name, value in sorted(line.details.items()) if value]
    return " ".join((line.reason, *facts))
