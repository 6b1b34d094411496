"""Whether an answer that a till shows is this gateway's own."""

from medsettle.wire import calls
from medsettle.wire.signing import Certificate, KeyInvalidError, answer_statement, decode
from medsettle_gateway.domain.recovery import Evidence
from medsettle_gateway.service.desk import Identity
from medsettle_gateway.service.ports import ReadPublicKey

PROVING = frozenset({
    call.path
    for call in (calls.SETTLE, calls.CONFIRM, calls.RELEASE, calls.REVERSE, calls.SEAL, calls.GET_SALE)
})
"""Calls whose signed answers say where a sale stands."""


def is_proof(evidence: Evidence, identity: Identity, read_public_key: ReadPublicKey) -> bool:
    """Returns whether a key that the root vouched for at that time signed this answer to a call about a sale.

    The certificate need not be valid now: answers are shown long after they were given.
    """
    if evidence.method not in PROVING:
        return False
    try:
        root = read_public_key(identity.root_public_key)
        certificate = Certificate.decode(evidence.certificate)
        answering = certificate.answering_key(root, identity.audience, evidence.timestamp_ms, read_public_key)
    except KeyInvalidError:
        return False
    statement = answer_statement(
        identity.audience, evidence.method, evidence.request_digest, evidence.nonce, answering.key,
        evidence.timestamp_ms, evidence.code, evidence.answer,
    )
    return evidence.key == answering.key and answering.verify(decode(evidence.signature), statement)
