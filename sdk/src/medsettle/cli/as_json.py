"""Answers as JSON for other programs: the models' own names, amounts in fen, dates in ISO 8601."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum


def as_json(value: object) -> str:
    """Returns a model, or a mapping of them, as indented JSON in UTF-8 without escapes."""
    return json.dumps(plain(value), ensure_ascii=False, indent=2)


def plain(value: object) -> object:
    """Returns the value made of what JSON has. Raises TypeError for anything that is no answer."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = [each.name for each in dataclasses.fields(value) if each.repr or each.metadata.get("told")]
        return {name: plain(getattr(value, name)) for name in shown}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    names = getattr(value, "_fields", None)
    if isinstance(value, tuple) and names is not None:
        return {name: plain(each) for name, each in zip(names, value, strict=True)}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"{type(value).__name__} is no answer")
