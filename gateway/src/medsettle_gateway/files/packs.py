"""The policy packs that the gateway ships, and YAML files on disk, as plain data."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from medsettle_gateway.files.yaml import YamlError, read_yaml
from medsettle_gateway.policy.loader import PackSource

_PACKAGE = "medsettle_gateway"
_FOLDER = "policies"


def shipped_packs() -> tuple[PackSource, ...]:
    """The packs in the wheel, by folder and file name. Raises YamlError."""
    return tuple(_packs_below(files(_PACKAGE) / _FOLDER, _FOLDER))


def read_pack(path: Path) -> PackSource:
    """One pack from a file of the operator. Raises YamlError, OSError."""
    return _source(read_text(path), str(path))


def read_text(path: Path) -> str:
    """A UTF-8 text file. Raises YamlError for another encoding, OSError."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise YamlError(str(path), 0, "the file is not UTF-8") from error


def _packs_below(folder: Traversable, name: str) -> Iterator[PackSource]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        at = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from _packs_below(entry, at)
        elif entry.name.endswith(".yaml"):
            yield _source(entry.read_text("utf-8"), at)


def _source(text: str, name: str) -> PackSource:
    document = read_yaml(text, name)
    if not isinstance(document.data, Mapping):
        raise YamlError(name, 1, "a pack is a mapping")
    return PackSource(name, document.data, document.lines)
