"""The address of a database on a server. What a password could stand in is shown to nobody."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

HIDDEN: Final = "***"

_PLACE: Final = r"(?:\[[0-9a-fA-F:.]+\]|[^][:@,/?#]*)(?::[0-9]+)?"
_FORM: Final = re.compile(
    rf"postgres(?:ql)?://(?:[^/?#]*@)?{_PLACE}(?:,{_PLACE})*(?:/[^/?#@:]*)?(?:\?[^#@]*)?"
)
"""A password with a character that ends it too early would show the rest of itself as something else."""

_SECRETS: Final = frozenset({"password", "sslpassword"})


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """``postgresql://USER@HOST/DATABASE``. ``text`` is the whole of it; str() and repr() hide a password."""

    text: str = field(repr=False)

    @property
    def sound(self) -> bool:
        """Does it name a server of this kind and a database on it?"""
        if not _FORM.fullmatch(self.text) or not self.text.isprintable():
            return False
        try:
            parts = urlsplit(self.text)
            asked = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        except ValueError:
            return False
        return bool(parts.path.strip("/") or asked.get("dbname") or asked.get("database"))

    @property
    def has_password(self) -> bool:
        """Does a password stand in it?"""
        parts = urlsplit(self.text)
        userinfo = parts.netloc.rpartition("@")[0]
        return ":" in userinfo or any(name in _SECRETS for name, _ in parse_qsl(parts.query))

    def __str__(self) -> str:
        parts = urlsplit(self.text)
        userinfo, at, place = parts.netloc.rpartition("@")
        user, colon, _ = userinfo.partition(":")
        asked = [(name, HIDDEN if name in _SECRETS else value) for name, value in parse_qsl(parts.query)]
        hidden = HIDDEN if colon else ""
        query = f"?{urlencode(asked, safe='/*:,')}" if asked else ""
        return f"{parts.scheme}://{user}{colon}{hidden}{at}{place}{parts.path}{query}"

    def __repr__(self) -> str:
        return f"DatabaseUrl({str(self)!r})"
