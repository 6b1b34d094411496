"""A sale that a remote authority decides: under which number it was asked, and for what."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.split import Split


class Reference(NamedTuple):
    """What the authority calls the sale, or a part of it: ``setl_id``, ``mdtrt_id``."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class UpstreamRecord:
    """One question to one authority. It is committed before anything is sent.

    ``number`` is the sale's number there. ``expected`` is what the patient was shown, ``collect`` when the
    cash part is collected. Until ``sent_until`` the process that committed the question is alone with it;
    only from then on others find out what became of it. ``unwanted``: nobody wants the sale any more.
    ``ends_as`` is what it is once it is undone, set while it is UNDOING.
    """

    authority: str
    number: str
    expected: Split
    credential_id: str
    sent_until: datetime
    refs: tuple[Reference, ...] = ()
    unwanted: bool = False
    ends_as: SaleState | None = None
    collect: Collect = Collect.NOW


@dataclass(frozen=True, slots=True)
class Errand:
    """Something to find out of an authority, or to have undone: one a sale that is PENDING or UNDOING.

    Whoever puts ``due_at`` off has it for himself until then. ``attempts`` counts how often it was taken.
    """

    request_id: str
    due_at: datetime
    attempts: int = 0


class DueErrand(NamedTuple):
    """An errand that is due, and of which authority."""

    request_id: str
    due_at: datetime
    authority: str
