"""Frozen, typed values of the till: what it asks, what is answered, what it may say.

Amounts are integer fen and end in ``_fen``; days end in ``_on``; instants end in ``_at`` and are aware.
"""

from medsettle.models.answered import (
    AccountShare,
    Advisory,
    Breakdown,
    Difference,
    Leg,
    LegKind,
    LegState,
    LineBreakdown,
    Quote,
    Refusal,
    Remainder,
    Sale,
    Settlement,
    TraceEntry,
)
from medsettle.models.asked import (
    Basket,
    Collect,
    Consent,
    Credential,
    CredentialKind,
    Encounter,
    Line,
    Payer,
    Prescription,
    PrescriptionKind,
    Split,
    Tendered,
    View,
)
from medsettle.models.card import CashState, SaleCard
from medsettle.models.covered import Account, AccountState, Answer, BenefitAnswer, Eligibility
from medsettle.models.probed import KeyRotation, Probe
from medsettle.wire.states import Outcome, SaleState

__all__ = [
    "Account",
    "AccountShare",
    "AccountState",
    "Advisory",
    "Answer",
    "Basket",
    "BenefitAnswer",
    "Breakdown",
    "CashState",
    "Collect",
    "Consent",
    "Credential",
    "CredentialKind",
    "Difference",
    "Eligibility",
    "Encounter",
    "KeyRotation",
    "Leg",
    "LegKind",
    "LegState",
    "Line",
    "LineBreakdown",
    "Outcome",
    "Payer",
    "Prescription",
    "PrescriptionKind",
    "Probe",
    "Quote",
    "Refusal",
    "Remainder",
    "Sale",
    "SaleCard",
    "SaleState",
    "Settlement",
    "Split",
    "Tendered",
    "TraceEntry",
    "View",
]
