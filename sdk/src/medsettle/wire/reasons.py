"""The catalogue of reasons: why something was refused, who must act, and what to do next.

One entry per value of ``medsettle.wire.v1.Reason``. Both sides read it: the gateway to build an
answer, the till to act on one. A till that does not know a reason acts by the gRPC code and by
``recorded``, and shows the sentences as they came.
"""

from typing import Final

from medsettle.wire._reason import Actor, Code, Reason, ReasonText, Retry
from medsettle.wire._reasons_accounts import OF_ACCOUNTS
from medsettle.wire._reasons_credential import OF_CREDENTIALS
from medsettle.wire._reasons_person import OF_PERSONS
from medsettle.wire._reasons_places import OF_PLACES
from medsettle.wire._reasons_prescriptions import OF_CALLS, OF_SALES
from medsettle.wire._reasons_recorded import RECORDED
from medsettle.wire._reasons_supervision import OF_SUPERVISION
from medsettle.wire._reasons_traced import OF_TRACED
from medsettle.wire._reasons_unrecorded import UNRECORDED

__all__ = ["DOMAIN", "REASONS", "Actor", "Code", "Reason", "ReasonText", "Retry"]

DOMAIN: Final = "medsettle"
"""``google.rpc.ErrorInfo.domain`` of every reason."""

_ALL: Final = (
    UNRECORDED | RECORDED | OF_PERSONS
    | OF_CREDENTIALS | OF_CALLS | OF_SALES | OF_ACCOUNTS | OF_PLACES | OF_SUPERVISION | OF_TRACED
)

REASONS: Final[dict[Reason, ReasonText]] = {reason: _ALL[reason] for reason in Reason}
"""Every reason with its texts, in the order of the contract."""
