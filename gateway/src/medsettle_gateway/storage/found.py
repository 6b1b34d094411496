"""What may be where a database should be."""

from enum import Enum
from typing import Final

SEAL: Final = "seal"
ROOT: Final = "root"
"""Names of settings: the keys that a database belongs to."""


class Found(Enum):
    """What is there where a database should be: NEW has a schema and belongs to no keys yet."""

    NOTHING = "nothing"
    NEW = "new"
    OWNED = "owned"
