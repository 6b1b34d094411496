"""What was typed wrongly, in both languages: ours say why in each, click's own at least which it is."""

from collections.abc import Sequence
from typing import Any, Final

import click


class WrongUsageError(click.UsageError):
    """What was typed does not fit together."""

    def __init__(self, zh: str, en: str) -> None:
        """Both are whole sentences without their end."""
        super().__init__(en)
        self.zh = zh


class WrongValueError(click.BadParameter):
    """One value is wrong: ``zh`` and ``en`` say why, and what it should be."""

    def __init__(self, zh: str, en: str, **where: Any) -> None:  # noqa: ANN401 - click's own
        """``where``: ``param``, or ``param_hint``, its name."""
        super().__init__(en, **where)
        self.zh = zh


_KINDS: Final[tuple[tuple[type[click.UsageError], str], ...]] = (
    (click.MissingParameter, "缺少参数"),
    (click.NoSuchOption, "没有这个选项"),
    (click.BadOptionUsage, "选项用法不正确"),
    (click.BadArgumentUsage, "参数用法不正确"),
    (click.BadParameter, "参数值不正确"),
)
"""From the narrowest kind to the widest."""


def in_both(error: click.UsageError) -> click.UsageError:
    """Returns the error with a line in Chinese before the English one; help that click shows as one stays."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    return click.UsageError(f"{_chinese(error)}。\n{error.format_message()}", error.ctx)


def _chinese(error: click.UsageError) -> str:
    if isinstance(error, WrongUsageError):
        return error.zh
    kind = next((zh for kind, zh in _KINDS if isinstance(error, kind)), "用法不正确")
    what = ": ".join(filter(None, (kind, _named(error))))
    return f"{what},{error.zh}" if isinstance(error, WrongValueError) else what


def _named(error: click.UsageError) -> str:
    """What the error is about, as it is typed."""
    if isinstance(error, click.NoSuchOption | click.BadOptionUsage):
        return error.option_name
    hint: str | Sequence[str] | None = getattr(error, "param_hint", None)
    param: click.Parameter | None = getattr(error, "param", None)
    if hint is None and param is not None and error.ctx is not None:
        hint = param.get_error_hint(error.ctx)
    if hint is None:
        return ""
    return hint.replace("'", "") if isinstance(hint, str) else ", ".join(hint)
