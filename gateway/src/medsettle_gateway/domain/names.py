"""How names and numbers of people are shown on screens and paper: a part of each, the rest masked.

And by what one name is told from another.
"""

import unicodedata
from typing import Final

_DOUBLE: Final = frozenset({
    "欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛", "尉迟",
    "公羊", "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容", "仲孙", "钟离",
    "长孙", "宇文", "司徒", "鲜于", "司空", "闾丘", "子车", "亓官", "司寇", "巫马", "公西", "颛孙", "壤驷",
    "公良", "漆雕", "乐正", "宰父", "谷梁", "拓跋", "轩辕", "令狐", "段干", "百里", "呼延", "东郭", "南门",
    "羊舌", "微生", "梁丘", "左丘", "东门", "西门",
})
_DOUBLE_CHARS: Final = 2


def masked(name: str) -> str:
    """Returns 张* for 张伟, 欧阳** for 欧阳娜娜, ``A****`` for a name in letters, and * for 零 alone."""
    if len(name) == 1:
        return "*"  # all of it is not a part
    family_chars = _DOUBLE_CHARS if name[:2] in _DOUBLE and len(name) > _DOUBLE_CHARS else 1
    return name[:family_chars] + "*" * (len(name) - family_chars)


_FIRST_CHARS: Final = 3
_LAST_CHARS: Final = 2
_LONG_CHARS: Final = 10
"""Of a shorter number only the end is shown."""


def masked_number(number: str) -> str:
    """Returns ``210*************1X`` for an identity number, ``139******00`` for a phone; empty for none."""
    first_chars = _FIRST_CHARS if len(number) >= _LONG_CHARS else 0
    hidden = max(0, len(number) - first_chars - _LAST_CHARS)
    return number[:first_chars] + "*" * hidden + number[first_chars + hidden :]


def is_same_name(one: str, other: str) -> bool:
    """Returns whether two names that people typed are one: case, blanks, marks and width do not count."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    wide = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(filter(str.isalnum, wide)) or wide
