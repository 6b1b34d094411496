"""The gateway's signature under its answers: a till believes no other answer about money."""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import Struct

from medsettle.wire.signing import (
    ANSWER_CERTIFICATE,
    ANSWER_KEY,
    ANSWER_SIGNATURE,
    ANSWER_TIMESTAMP,
    Certificate,
    Signer,
    answer_statement,
    digest,
    encode,
)


@dataclass(frozen=True, slots=True)
class AnsweringKey:
    """This process's key, and the root's certificate of it as one line of metadata."""

    signer: Signer
    certificate: Certificate
    line: str

    @classmethod
    def of(cls, signer: Signer, certificate: Certificate) -> "AnsweringKey":
        """Returns the key with its certificate encoded once."""
        return cls(signer, certificate, certificate.encode())


class Question(Struct, frozen=True):
    """What an answer is bound to: the audience that was asked, the call, the bytes, and their nonce."""

    audience: str
    method: str
    body: bytes
    nonce: str


@dataclass(frozen=True, slots=True)
class Answerer:
    """Signs answers. ``key`` is asked each time, so that a renewed certificate is used at once."""

    key: Callable[[], AnsweringKey]

    def sign(self, question: Question, code: str, body: bytes, now_ms: int) -> tuple[tuple[str, str], ...]:
        """Returns the trailing metadata that sign an answer; ``body`` is the message or the status."""
        answering = self.key()
        statement = answer_statement(
            question.audience, question.method, digest(question.body), question.nonce,
            answering.signer.key, now_ms, code, body,
        )
        return (
            (ANSWER_KEY, answering.signer.key),
            (ANSWER_TIMESTAMP, str(now_ms)),
            (ANSWER_SIGNATURE, encode(answering.signer.sign(statement))),
            (ANSWER_CERTIFICATE, answering.line),
        )
