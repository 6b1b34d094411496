"""Enrol and RotateKey: how a terminal gets its key, and the next one. Their nonces are kept."""

import hashlib
from datetime import datetime
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle.wire.signing import KeyInvalidError, key_id, key_proof_statement
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refused, refuse
from medsettle_gateway.domain.facts import EnrolCode, KeyRecord, State, TerminalFacts
from medsettle_gateway.domain.ids import terminal_id
from medsettle_gateway.domain.keys import (
    AnyKey,
    EnrolCodeKey,
    Facts,
    InstitutionKey,
    KeyRecordKey,
    NonceKey,
    TerminalKey,
    TerminalKeysKey,
)
from medsettle_gateway.domain.moves import (
    EndTerminalKey,
    KeepNonce,
    Move,
    PutTerminal,
    PutTerminalKey,
    UseEnrolCode,
)
from medsettle_gateway.service.commands import Enrol, EnrolAnswer, RotateKey, RotateKeyAnswer
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.guards import check_right, registered, right_keys
from medsettle_gateway.service.placing import place_keys
from medsettle_gateway.service.ports import PublicKey
from medsettle_gateway.service.refused import unrecorded_of

_ALIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


def code_hash(code: str) -> str:
    """Returns the hash under which a one-time code is known, however it was typed (Crockford base32)."""
    return hashlib.sha256(code.upper().translate(_ALIKE).encode()).hexdigest()


def needs_enrol(command: Enrol, known: Facts, now: Now) -> tuple[AnyKey, ...]:  # noqa: ARG001 - called alike
    """Returns what to load: the code, nonce and key; then the terminal and institution of the code."""
    key = key_id(command.public_key)
    code_key = EnrolCodeKey(code_hash(command.code))
    keys: tuple[AnyKey, ...] = (code_key, KeyRecordKey(key), NonceKey(key, command.nonce))
    code = known.of(code_key) if code_key in known else None
    if code is None:
        return keys
    terminal = terminal_id(code.institution, code.till)
    keys = (*keys, InstitutionKey(code.institution), *place_keys(code.institution))
    return (*keys, TerminalKey(terminal), TerminalKeysKey(terminal))


def decide_enrol(command: Enrol, facts: Facts, now: Now) -> Decision:
    """Registers the key of a code's terminal and ends its older keys."""
    try:
        public_key = _public_key(command.public_key, command.suite, now)
        _check_nonce(NonceKey(public_key.key, command.nonce), facts)
        code = _check_code(facts.of(EnrolCodeKey(code_hash(command.code))), public_key.key, now.at)
        _check_terminal(command.terminal, code)
        record = _first_key(command.public_key, public_key, code, facts, now)
        institution = registered(code.institution, facts, day_of(now.at))
    except Refused as refused:
        return Decision(unrecorded_of(refused.refusal))
    identity = now.desk.identity
    answer = EnrolAnswer(
        terminal=record.terminal,
        institution=institution.code,
        institution_name=institution.name,
        key=record.key,
        audience=identity.audience,
        root_public_key=identity.root_public_key,
        root_suite=identity.root_suite,
        not_after=record.not_after,
    )
    return Decision(answer, _enrolled(command, code, record, facts, now))


def _enrolled(command: Enrol, code: EnrolCode, record: KeyRecord, facts: Facts, now: Now) -> tuple[Move, ...]:
    nonce = _keep(record.key, command.nonce, now)
    if code.used_by_key is not None:
        return (nonce,)
    others = facts.of(TerminalKeysKey(record.terminal))
    # A code does not end a suspension: only the operator does.
    terminal = facts.of(TerminalKey(record.terminal)) or TerminalFacts(
        record.terminal, code.institution, code.till, State.ACTIVE
    )
    return (
        nonce,
        UseEnrolCode(code.code_hash, record.key, now.at),
        PutTerminal(terminal),
        *(EndTerminalKey(old.key, now.at) for old in others if old.active_at(now.at)),
        PutTerminalKey(record),
    )


def needs_rotate(command: RotateKey, known: Facts, now: Now) -> tuple[AnyKey, ...]:  # noqa: ARG001 - called alike
    """Returns what to load: the terminal, the active key, the new one, and the nonce."""
    caller = command.caller
    return (
        *right_keys(caller),
        KeyRecordKey(key_id(command.public_key)),
        NonceKey(caller.terminal, command.nonce),
    )


def decide_rotate(command: RotateKey, facts: Facts, now: Now) -> Decision:
    """Registers a further key; the one that signed the request stays valid for a while."""
    terminal = command.caller.terminal
    try:
        public_key = _public_key(command.public_key, command.suite, now)
        _check_nonce(NonceKey(terminal, command.nonce), facts)
        statement = key_proof_statement(now.desk.identity.audience, terminal, public_key.key)
        if not public_key.verify(command.proof, statement):
            raise refuse(Reason.KEY_INVALID, field="proof")
        old = check_right(command.caller, facts, now.at)
        known = _registered(public_key.key, terminal, facts)
        if known is not None and not known.active_at(now.at):
            raise refuse(Reason.KEY_INVALID, field="public_key")  # a till that took it up could not sign
    except Refused as refused:
        return Decision(unrecorded_of(refused.refusal))
    nonce = _keep(terminal, command.nonce, now)
    if known is not None:
        return Decision(RotateKeyAnswer(known.key, known.not_after, old.not_after), (nonce,))
    record = _record(command.public_key, public_key, terminal, now)
    old_not_after = min(old.not_after, now.at + now.desk.rules.key_overlap)
    moves = (nonce, PutTerminalKey(record), EndTerminalKey(old.key, old_not_after))
    return Decision(RotateKeyAnswer(record.key, record.not_after, old_not_after), moves)


def _public_key(data: bytes, suite: str, now: Now) -> PublicKey:
    try:
        public_key = now.desk.read_public_key(data)
    except KeyInvalidError as error:
        raise refuse(Reason.KEY_INVALID, field="public_key") from error
    if public_key.suite != suite:
        raise refuse(Reason.KEY_INVALID, field="suite")
    return public_key


def _check_nonce(key: NonceKey, facts: Facts) -> None:
    if facts.of(key):
        raise refuse(Reason.NONCE_REPLAYED)


def _check_code(code: EnrolCode | None, key: str, at: datetime) -> EnrolCode:
    """A code that this very key has used is answered again: its first answer was lost."""
    if code is None or code.used_by_key not in {None, key}:
        raise refuse(Reason.ENROL_CODE_INVALID)
    if code.used_by_key is None and at >= code.expires_at:
        raise refuse(Reason.ENROL_CODE_EXPIRED)
    return code


def _check_terminal(said: str, code: EnrolCode) -> None:
    """A code typed at another till must stay good for its own, whose key goes on working."""
    meant = terminal_id(code.institution, code.till)
    if said not in {"", meant}:
        raise refuse(Reason.ENROL_CODE_INVALID, terminal=said, code_is_for=meant)


def _registered(key: str, terminal: str, facts: Facts) -> KeyRecord | None:
    """The key's record if this terminal has it. Raises Refused: KEY_INVALID if another one has."""
    record = facts.of(KeyRecordKey(key))
    if record is not None and record.terminal != terminal:
        raise refuse(Reason.KEY_INVALID, field="public_key")
    return record


def _record(data: bytes, public_key: PublicKey, terminal: str, now: Now) -> KeyRecord:
    not_after = now.at + now.desk.rules.key_life
    return KeyRecord(public_key.key, terminal, public_key.suite, data, now.at, not_after)


def _first_key(data: bytes, public_key: PublicKey, code: EnrolCode, facts: Facts, now: Now) -> KeyRecord:
    """The key that the code registers now, or has registered. Raises Refused: KEY_INVALID for any other."""
    terminal = terminal_id(code.institution, code.till)
    known = _registered(public_key.key, terminal, facts)
    if known is None:
        return _record(data, public_key, terminal, now)
    if code.used_by_key is None or not known.active_at(now.at):
        raise refuse(Reason.KEY_INVALID, field="public_key")
    return known


def _keep(sender: str, nonce: str, now: Now) -> KeepNonce:
    return KeepNonce(sender, nonce, now.at + now.desk.rules.nonce_life)
