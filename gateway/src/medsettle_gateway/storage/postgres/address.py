"""A database's address as people may see it."""

from urllib.parse import parse_qs, urlsplit


def shown(url: str) -> str:
    """Returns where a database is, without what a password could stand in: ``user@host:5432/name``."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    asked = parse_qs(parts.query)
    place = place or ",".join(asked.get("host", ["localhost"]))
    name = parts.path.lstrip("/") or "".join(asked.get("dbname", asked.get("database", [""])))
    user = user.partition(":")[0] or "".join(asked.get("user", [""]))
    return f"{user}@{place}/{name}" if user else f"{place}/{name}"
