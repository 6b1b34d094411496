"""What proves an answer: enough to check its signature again, years later, without the gateway."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signed answer as it came: ``answer`` is its bytes, or those of the refusal's details.

    With the operator's root key, ``wire.signing.answer_statement`` of these fields can be checked.
    """

    method: str
    request_digest: str
    nonce: str
    key: str
    timestamp_ms: int
    code: str
    answer: bytes
    signature: str
    certificate: str
