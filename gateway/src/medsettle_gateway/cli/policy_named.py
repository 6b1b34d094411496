"""Packs as they are named on the command line: an id, an id on a day, a file, an overlay."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from medsettle_gateway.cli.policy_files import read_or_stop, sources_or_stop
from medsettle_gateway.cli.policy_quote import stop
from medsettle_gateway.cli.usage import WrongUsageError
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overlays import (
    Overlay,
    is_overlay,
    lay_over,
    load_overlay,
    merged_source,
    overlaid,
)
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.succession import deciding

_ON_DAY = "@"


class Named(NamedTuple):
    """A version of a pack, compiled, with the data and file that it was made from."""

    pack: Pack
    source: PackSource


def versions_of(name: str, code: int = 1, policies: Iterable[Path] = ()) -> list[Named]:
    """The versions that a name means, oldest first, at least one.

    ``ID`` means all versions of a pack, ``ID@DAY`` the one that decides on a day (2024-01-31), a file its
    pack; an overlay, by its file or id, means the versions that it lies over, with its figures. ``policies``
    are files and folders beside the shipped packs. A mistake in a file ends the command with exit code
    ``code``, an unknown name as wrong usage.
    """
    path = Path(name)
    sources = sources_or_stop(policies, code)
    try:
        packs = _packs(sources)
        if path.suffix in {".yaml", ".yml"} and path.is_file():
            source = read_or_stop(path, code)
            return _laid(source, packs) if is_overlay(source) else [Named(load_pack(source), source)]
        overlays = {str(each.data["overlay"]): each for each in sources if is_overlay(each)}
        if name in overlays:
            return _laid(overlays[name], packs)
    except Invalid as error:
        stop(error, code)
    id_, _, day = name.partition(_ON_DAY)
    found = [each for each in packs if each.pack.id == id_]
    if not found:
        known = ", ".join(sorted(dict.fromkeys((*(each.pack.id for each in packs), *overlays))))
        raise WrongUsageError(
            f"没有政策包 {id_!r},也没有这个名称的 .yaml 文件;已知的有:{known}。"
            "自己的政策包请用 --policies 指明目录",
            f"no pack {id_!r}, and no file of that name ending in .yaml; known are: {known}. "
            "Name the folder of your own packs with --policies",
        )
    return [_on(found, id_, _day(day))] if day else found


def one_of(name: str, on: date | None, code: int = 1, policies: Iterable[Path] = ()) -> Named:
    """The one version that a name means; of several the one that decides on a day, or else the last."""
    found = versions_of(name, code, policies)
    decides = None if on is None else deciding([each.pack for each in found], on)
    return next((each for each in found if each.pack is decides), found[-1])


def _packs(sources: Iterable[PackSource]) -> list[Named]:
    """The packs among the sources, by id and time. Raises Invalid."""
    found = [Named(load_pack(source), source) for source in sources if not is_overlay(source)]
    return sorted(found, key=lambda each: (each.pack.id, each.pack.effective_from, each.pack.known_from))


def _laid(source: PackSource, packs: Sequence[Named]) -> list[Named]:
    """An overlay over every version that it meets. Raises Invalid."""
    overlay: Overlay = load_overlay(source)
    below = [each for each in packs if each.pack.id == overlay.pack]
    lay_over([overlay], {overlay.pack: below} if below else {})
    met = [each for each in below if overlay.meets(each.pack.effective_from, each.pack.effective_to)]
    return [
        Named(overlaid(overlay, pack, shipped), merged_source(overlay, shipped)[0]) for pack, shipped in met
    ]


def _on(found: list[Named], id_: str, on: date) -> Named:
    decides = deciding([each.pack for each in found], on)
    for each in found:
        if each.pack is decides:
            return each
    raise WrongUsageError(f"{id_} 在 {on} 没有生效的版本", f"no version of {id_} is in force on {on}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUsageError(
            f"{text!r} 不是日期,应如 2024-01-31", f"{text!r} is no day; write it like 2024-01-31"
        ) from None
