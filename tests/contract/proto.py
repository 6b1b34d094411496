"""Reads the proto files as text: what they declare and what their comments say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROTOS = ROOT / "protos"
FILES = sorted((PROTOS / "medsettle" / "wire" / "v1").glob("*.proto"))

BLOCK = re.compile(r"^(message|enum|service) (\w+) \{")
FIELD = re.compile(r"^  (?:(optional|repeated) )?([\w.]+) (\w+) = (\d+);")
VALUE = re.compile(r"^  ([A-Z][A-Z0-9_]*) = (\d+);")
RPC = re.compile(r"^  rpc (\w+)\((\w+)\) returns \((\w+)\);")


@dataclass(frozen=True)
class Member:
    """A field, a value or a call, with the comment above it."""

    block: str
    kind: str
    name: str
    comment: str
    label: str = ""
    type: str = ""

    @property
    def where(self) -> str:
        return f"{self.block}.{self.name}"


def members() -> Iterator[Member]:
    """Yields each field, value and call of the contract in the order of the files."""
    for file in FILES:
        yield from members_of(file.read_text("utf-8"))


def members_of(text: str) -> Iterator[Member]:
    """Yields each field, value and call of one proto file."""
    block, kind, comment = "", "", ""
    for line in text.splitlines():
        if started := BLOCK.match(line):
            kind, block = started.groups()
        elif line.startswith("  //"):
            comment = f"{comment} {line[4:].strip()}".strip()
            continue
        elif field := FIELD.match(line):
            label, of_type, name, _ = field.groups()
            yield Member(block, kind, name, comment, label or "", of_type)
        elif found := VALUE.match(line) or RPC.match(line):
            yield Member(block, kind, found[1], comment)
        comment = ""


def fields() -> list[Member]:
    """Returns the fields of all messages."""
    return [member for member in members() if member.kind == "message"]


def values_of(enum: str) -> list[Member]:
    """Returns the values of one enum, without the unspecified one."""
    found = [member for member in members() if member.kind == "enum" and member.block == enum]
    return [member for member in found if not member.name.endswith("_UNSPECIFIED")]


def calls() -> list[tuple[str, str]]:
    """Returns each service and method."""
    return [(member.block, member.name) for member in members() if member.kind == "service"]
