"""A reason and what is said of it: the words of the catalogue, without its entries."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The gRPC status codes in use, by name, so that this module needs no gRPC."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    UNAUTHENTICATED = "UNAUTHENTICATED"


class Retry(StrEnum):
    """May the same call be sent again under the same request id?"""

    NO = "no"
    YES = "yes"
    AFTER = "after"
    """After what ``next_zh`` / ``next_en`` says, or after the RetryInfo delay."""


class Actor(StrEnum):
    """Who must act."""

    PATIENT = "patient"
    CASHIER = "cashier"
    STORE = "store"
    OPERATOR = "operator"
    VENDOR = "vendor"


class Reason(StrEnum):
    """Why a request was refused. The value travels as ``ErrorInfo.reason``."""

    # Who is asking: checked before the sale is looked at.
    SIGNATURE_MISSING = "SIGNATURE_MISSING"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    CLOCK_SKEW = "CLOCK_SKEW"
    NONCE_REPLAYED = "NONCE_REPLAYED"
    TERMINAL_UNKNOWN = "TERMINAL_UNKNOWN"
    TERMINAL_SUSPENDED = "TERMINAL_SUSPENDED"
    KEY_UNKNOWN = "KEY_UNKNOWN"
    KEY_NOT_ACTIVE = "KEY_NOT_ACTIVE"
    KEY_INVALID = "KEY_INVALID"
    ENROL_CODE_INVALID = "ENROL_CODE_INVALID"
    ENROL_CODE_EXPIRED = "ENROL_CODE_EXPIRED"
    # Form, limits, transport: also before the sale is looked at.
    REQUEST_MALFORMED = "REQUEST_MALFORMED"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    BASKET_TOO_LARGE = "BASKET_TOO_LARGE"
    FIELD_REQUIRED = "FIELD_REQUIRED"
    FIELD_INVALID = "FIELD_INVALID"
    AMOUNT_OUT_OF_RANGE = "AMOUNT_OUT_OF_RANGE"
    REQUEST_ID_INVALID = "REQUEST_ID_INVALID"
    NOT_YOURS = "NOT_YOURS"
    PAGE_TOKEN_INVALID = "PAGE_TOKEN_INVALID"
    DEADLINE_PASSED = "DEADLINE_PASSED"
    OVERLOADED = "OVERLOADED"
    RATE_LIMITED = "RATE_LIMITED"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    # The sale and its id.
    SALE_NOT_FOUND = "SALE_NOT_FOUND"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    SEALED = "SEALED"
    EARLIER_ATTEMPT_OPEN = "EARLIER_ATTEMPT_OPEN"
    POSSIBLE_DUPLICATE = "POSSIBLE_DUPLICATE"
    QUOTE_INVALID = "QUOTE_INVALID"
    QUOTE_CHANGED = "QUOTE_CHANGED"
    CONFIRM_TOO_LATE = "CONFIRM_TOO_LATE"
    TENDER_MISMATCH = "TENDER_MISMATCH"
    REVERSE_TOO_LATE = "REVERSE_TOO_LATE"
    LATER_SALE_EXISTS = "LATER_SALE_EXISTS"
    SERVICE_DATE_INVALID = "SERVICE_DATE_INVALID"
    STAY_ENDED = "STAY_ENDED"
    # The person, the place, the goods.
    CREDENTIAL_INVALID = "CREDENTIAL_INVALID"
    CREDENTIAL_EXPIRED = "CREDENTIAL_EXPIRED"
    CREDENTIAL_USED = "CREDENTIAL_USED"
    MEMBER_UNKNOWN = "MEMBER_UNKNOWN"
    INSTITUTION_UNKNOWN = "INSTITUTION_UNKNOWN"
    INSTITUTION_SUSPENDED = "INSTITUTION_SUSPENDED"
    ITEM_UNKNOWN = "ITEM_UNKNOWN"
    ITEM_NOT_VALID = "ITEM_NOT_VALID"
    ACCOUNT_UNKNOWN = "ACCOUNT_UNKNOWN"
    ACCOUNT_FROZEN = "ACCOUNT_FROZEN"
    CONSENT_REQUIRED = "CONSENT_REQUIRED"
    # The policy pack: the codes that case files use, in their order of checks.
    POLICY_FLOOR = "POLICY_FLOOR"
    POLICY_CEILING = "POLICY_CEILING"
    PACK_NOT_IN_FORCE = "PACK_NOT_IN_FORCE"
    NOT_COVERED = "NOT_COVERED"
    NOT_DESIGNATED = "NOT_DESIGNATED"
    BENEFIT_UNKNOWN = "BENEFIT_UNKNOWN"
    NOT_FOR_SCHEME = "NOT_FOR_SCHEME"
    NOT_FOR_STANDING = "NOT_FOR_STANDING"
    NOT_FOR_ENROLMENT = "NOT_FOR_ENROLMENT"
    NOT_FOR_AID = "NOT_FOR_AID"
    NOT_FOR_CONDITION = "NOT_FOR_CONDITION"
    NOT_FOR_ATTRIBUTE = "NOT_FOR_ATTRIBUTE"
    NOT_FILED = "NOT_FILED"
    NOT_AT_KIND = "NOT_AT_KIND"
    NOT_AT_LEVEL = "NOT_AT_LEVEL"
    NOT_AT_SPECIALTY = "NOT_AT_SPECIALTY"
    NOT_A_STAY = "NOT_A_STAY"
    PRESCRIPTION_KIND = "PRESCRIPTION_KIND"
    NOT_CIRCULATED = "NOT_CIRCULATED"
    SWITCH_OFF = "SWITCH_OFF"
    LINE_AMOUNT_MISMATCH = "LINE_AMOUNT_MISMATCH"
    CONDITION_NOT_FILED = "CONDITION_NOT_FILED"
    DRUG_NOT_APPROVED = "DRUG_NOT_APPROVED"
    DRUG_OVER_CEILING = "DRUG_OVER_CEILING"
    DRUG_KINDS_EXCEEDED = "DRUG_KINDS_EXCEEDED"
    DAYS_SUPPLY_EXCEEDED = "DAYS_SUPPLY_EXCEEDED"
    OVER_CEILING = "OVER_CEILING"
    OVER_SESSION_LIMIT = "OVER_SESSION_LIMIT"
    NO_RULE = "NO_RULE"
    PARAMETER_ASSUMED = "PARAMETER_ASSUMED"


@dataclass(frozen=True, slots=True)
class ReasonText:
    """What a reason means and what to do about it.

    ``recorded`` says when this reason is written under the request id: ``True``, it is the
    sale's recorded answer and so a proof that nothing was charged; ``False``, it is never
    recorded and the sale keeps the state that it had.
    """

    code: Code
    retry: Retry
    actor: Actor
    recorded: bool
    zh: str
    en: str
    next_zh: str
    next_en: str
