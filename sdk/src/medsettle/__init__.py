"""Settlement at the counter of designated pharmacies and clinics (定点医药机构).

``Till`` sells; ``AsyncTill`` is the same for asyncio. Names are loaded when they are first asked for,
so that ``medsettle.wire`` costs nothing that it does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from medsettle.aio import AsyncTill
    from medsettle.config import TillConfig
    from medsettle.enrolment import enrol
    from medsettle.errors import (
        ConfigError,
        GatewayAwayError,
        JournalError,
        MedsettleError,
        NotSentError,
        OutcomeUnknownError,
        RefusedError,
        RequestError,
        TerminalNotReadyError,
    )
    from medsettle.models import (
        Basket,
        CashState,
        Collect,
        Consent,
        Eligibility,
        Line,
        Outcome,
        Payer,
        Prescription,
        PrescriptionKind,
        Quote,
        SaleCard,
        SaleState,
        Split,
        Tendered,
    )
    from medsettle.tender import CashTender
    from medsettle.ticket import Ticket
    from medsettle.till import Till

__all__ = [
    "AsyncTill",
    "Basket",
    "CashState",
    "CashTender",
    "Collect",
    "ConfigError",
    "Consent",
    "Eligibility",
    "GatewayAwayError",
    "JournalError",
    "Line",
    "MedsettleError",
    "NotSentError",
    "Outcome",
    "OutcomeUnknownError",
    "Payer",
    "Prescription",
    "PrescriptionKind",
    "Quote",
    "RefusedError",
    "RequestError",
    "SaleCard",
    "SaleState",
    "Split",
    "Tendered",
    "TerminalNotReadyError",
    "Ticket",
    "Till",
    "TillConfig",
    "enrol",
]

_HOMES: Final = {
    "AsyncTill": "aio", "CashTender": "tender", "Ticket": "ticket", "Till": "till",
    "TillConfig": "config", "enrol": "enrolment",
}


def __getattr__(name: str) -> object:
    """Loads a public name when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, "errors" if name.endswith("Error") else "models")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return __all__
