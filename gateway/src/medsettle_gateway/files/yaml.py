"""YAML text -> plain data with the line of every value. Strict where YAML is treacherous.

Only ``true`` and ``false`` are booleans (not ``no`` or ``off``), only plain decimal digits are whole
numbers, dates stay texts, a key may not be written twice, and depth and size are limited.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import yaml
from yaml.composer import Composer

BYTES_MOST: Final = 1_048_576
VALUES_MOST: Final = 50_000
DEPTH_MOST: Final = 32

_TAG: Final = "tag:yaml.org,2002:"
_KINDS: Final = ("map", "seq", "str", "null", "bool", "int", "float")


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data (dict, list, str, int, float, bool, None) and the line of each path, from 1.

    Paths are written ``benefits.general_outpatient.ratio.rows[1].ratio``.
    """

    data: object
    lines: dict[str, int]


class YamlError(ValueError):
    """A file that is not the YAML wanted here: name, line (0 if unknown) and what is wrong."""

    def __init__(self, name: str, line: int, message: str) -> None:
        """``str()`` is ``name: line 3: message``."""
        self.name, self.line, self.message = name, line, message
        super().__init__(f"{name}: line {line}: {message}" if line else f"{name}: {message}")


class _Loader(yaml.SafeLoader):
    """The safe loader with only the scalars that a pack or a case needs."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _kind, _form, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"0|-?[1-9][0-9]*", list("-0123456789")),
    ("float", r"-?[0-9]+\.[0-9]*", list("-0123456789")),
):
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(rf"(?:{_form})\Z"), _first)

if yaml.__with_libyaml__:

    class _FastLoader(Composer, yaml.CSafeLoader):
        """Several times as fast: libyaml reads, and Python composes, which bounds the depth."""

        yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers

        def __init__(self, stream: str) -> None:
            """Its parts do not begin each other."""
            yaml.CSafeLoader.__init__(self, stream)
            Composer.__init__(self)


_BREAKS: Final = r"\n\r\x85\u2028\u2029"
_UNLIKE: Final = re.compile(
    r"[\t\ufeff!?]|---|^%|[|>][-+0-9]*[^-+0-9\s]"
    # The line of a value that is left out; after more than a few lines of comments it may be.
    rf"|:\s*+(?:#[^{_BREAKS}]{{0,200}}[{_BREAKS}]\s*+){{0,8}}+[,}}\]#]",
    re.MULTILINE,
)
"""What libyaml may read otherwise than Python does, or where Python reads nothing; no pack needs it."""


def read_yaml(text: str, name: str) -> Document:
    """Read one YAML document.

    Raises YamlError for text that is no YAML, holds more than one document, repeats a key, or
    is larger or deeper than the limits.
    """
    if len(text.encode()) > BYTES_MOST:
        raise YamlError(name, 0, f"larger than {BYTES_MOST} bytes")
    try:
        root = _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 0 if mark is None else mark.line + 1
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise YamlError(name, line, f"not valid YAML: {problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise YamlError(name, 0, f"not valid YAML: {error}") from error
    if root is None:
        raise YamlError(name, 0, "the file is empty")
    walk = _Walk(name)
    return Document(walk.value(root, "", 0), walk.lines)


def _composed(text: str) -> yaml.Node | None:
    """Python's own reader has the word wherever the two could differ, and on what is wrong with a text.

    So what is accepted and what is said of it is the same on every machine.
    """
    if yaml.__with_libyaml__ and not _UNLIKE.search(text):
        with suppress(yaml.YAMLError, RecursionError):
            return yaml.compose(text, Loader=_FastLoader)
    return yaml.compose(text, Loader=_Loader)


class _Walk:
    """Turns composed nodes into data, counting; an alias counts each time it is used."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[str, int] = {}
        self._seen_count = 0

    def value(self, node: yaml.Node, path: str, depth: int) -> object:
        line = node.start_mark.line + 1
        self._seen_count += 1
        if depth > DEPTH_MOST or self._seen_count > VALUES_MOST:
            raise YamlError(self.name, line, "nested too deep, or too many values")
        if node.tag.removeprefix(_TAG) not in _KINDS:
            raise YamlError(self.name, line, f"the tag {node.tag!r} is not used here")
        self.lines[path] = line
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, f"{path}[{index}]", depth + 1) for index, each in enumerate(node.value)]
        return self._scalar(node, line)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise YamlError(self.name, line, "a key must be a plain word")
            key = str(key_node.value)
            if key in found:
                raise YamlError(self.name, line, f"the key {key!r} is written twice")
            below = f"{path}.{key}" if path else key
            found[key] = self.value(value_node, below, depth + 1)
            # The key's line is the better place to point at than where a block value begins.
            self.lines[below] = line
        return found

    def _scalar(self, node: yaml.Node, line: int) -> object:
        tag, text = node.tag.removeprefix(_TAG), str(node.value)
        if tag == "str":
            return text
        if tag == "null":
            return None
        if tag == "bool":
            return text == "true"
        try:
            return int(text) if tag == "int" else float(text)
        except ValueError as error:
            raise YamlError(self.name, line, f"{text!r} is no number") from error
