"""Enrolment: a terminal's first key, and the configuration to open a till with.

The operator's code is ``<code>.<fingerprint>``. The fingerprint is the beginning of the SHA-256 of the
operator's root public key: with it the terminal knows the right gateway before it trusts an answer.
"""

import math
import os
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from medsettle._exchange import asking, covering
from medsettle._exchange.answering import UnreadableError
from medsettle._exchange.covering import Enrolled
from medsettle._exchange.refusing import facts_of
from medsettle._exchange.signed import OK, Peer, Reply, Request, evidence_of, sign
from medsettle.clock import Clock, CorrectedClock, SystemClock
from medsettle.config import TillConfig, not_a_terminal, wrong
from medsettle.credentials import read_key, write_key
from medsettle.errors import error_class, till_error
from medsettle.journal import SqliteJournal
from medsettle.till_reasons import TillReason
from medsettle.transport import GrpcTransport, Transport
from medsettle.wire import signing
from medsettle.wire.calls import CORRECTED_ONCE, ENROL
from medsettle.wire.request_ids import is_terminal

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
_KEY_FILE, _CONFIG_FILE, _JOURNAL_FILE = "till.key", "till.toml", "till.journal"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A terminal that is ready: open its till with ``config_file``."""

    config_file: Path
    key_file: Path
    terminal: str
    institution: str
    institution_name: str
    audience: str
    key: str
    not_after: datetime | None


@dataclass(frozen=True, slots=True)
class Channel:
    """How to reach the gateway: a CA file (None: the system's authorities), or plaintext.

    ``certificate_file`` and its key are for a gateway that asks its tills for one.
    """

    address: str
    ca_file: Path | None = None
    insecure: bool = False
    allow_plaintext_beyond_loopback: bool = False
    certificate_file: Path | None = None
    certificate_key_file: Path | None = None


def enrol(
    channel: Channel, code: str, terminal: str, directory: str | Path, *, suite: str = "ed25519",
    clock: Clock | None = None, transport: Transport | None = None,
) -> Enrolment:
    """Registers a new key and writes ``till.key`` (its owner's only) and ``till.toml`` into the directory.

    There ``till.journal`` begins too, unless one is there: after a restore of the gateway it must be as old.
    A code is used up by one key. That key is on disk before it is sent, so repeating with the same code and
    directory is safe: after a lost answer it registers the same key. Raises ConfigError for what is wrong
    beforehand, or if the directory holds a terminal already; JournalError if no journal can be kept there;
    TerminalNotReadyError if the code is refused (ENROL_CODE_INVALID), or if the gateway is not the one that
    the code is of (ROOT_MISMATCH); GatewayAwayError if no answer came that counts.
    """
    secret, fingerprint = _parts(code)
    if not is_terminal(terminal):
        raise wrong("terminal", *not_a_terminal(terminal))
    folder = Path(directory)
    waiting = folder / f"{_KEY_FILE}.{suite}-{signing.digest(secret.upper().encode())[:8]}"
    _check_empty(folder, waiting)
    signer = _key_to_register(waiting, suite)
    wire = transport or GrpcTransport(_before(channel, terminal, signer, folder))
    corrected = CorrectedClock(clock or SystemClock())
    began = corrected.monotonic()
    try:
        request, reply = _exchange(wire, signer, secret, terminal, corrected)
    finally:
        wire.close()
    took_ms = math.ceil((corrected.monotonic() - began) * 1000)
    enrolled, answered_ms = _believed(request, reply, fingerprint, corrected.now_ms())
    if enrolled.terminal != terminal:
        raise wrong(
            "terminal", f"注册码属于 {enrolled.terminal},不是 {terminal}",
            f"the code is of {enrolled.terminal}, not of {terminal}",
        )
    if enrolled.key != signer.key:
        raise till_error(TillReason.ANSWER_UNREADABLE, cause="the gateway registered another key")
    _begin_journal(folder / _JOURNAL_FILE, answered_ms - took_ms)
    write_key(folder / _KEY_FILE, signer)
    _write_config(folder / _CONFIG_FILE, channel, enrolled)
    waiting.unlink(missing_ok=True)
    return Enrolment(
        folder / _CONFIG_FILE, folder / _KEY_FILE, terminal, enrolled.institution,
        enrolled.institution_name, enrolled.audience, enrolled.key, enrolled.not_after,
    )


def _parts(code: str) -> tuple[str, str]:
    secret, _, fingerprint = code.strip().rpartition(".")
    if not secret or not _FINGERPRINT.fullmatch(fingerprint):
        raise wrong(
            "code", "应为运营方给出的整个注册码:<注册码>.<指纹>",
            "it is not <code>.<fingerprint>, as the operator's terminal enrol prints it",
        )
    return secret, fingerprint


def _check_empty(folder: Path, waiting: Path) -> None:
    """Makes the directory. A key beside the one that waits is what an enrolment left that was cut short."""
    names = (_CONFIG_FILE,) if waiting.exists() else (_CONFIG_FILE, _KEY_FILE)
    for name in names:
        if (folder / name).exists():
            raise wrong(
                "directory", f"{folder / name} 已存在;请换一个目录,或先把它移走",
                f"{folder / name} exists; enrol into another directory, or move it away",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise wrong("directory", f"无法建立 {folder}", f"{folder} cannot be made") from error


def _key_to_register(waiting: Path, suite: str) -> signing.KeySigner:
    """Returns the key of an earlier try with this code, or a new one, written before it is sent."""
    if waiting.exists():
        return read_key(waiting)
    try:
        made = signing.KeySigner.generate(suite)
        write_key(waiting, made)
    except signing.KeyInvalidError as error:
        raise wrong("suite", "没有这种密钥", str(error)) from error
    except OSError as error:
        raise wrong("directory", f"无法写入 {waiting}", f"{waiting} cannot be written") from error
    return made


def _before(
    channel: Channel, terminal: str, signer: signing.KeySigner, folder: Path
) -> TillConfig:
    """A configuration that only the channel reads: who the gateway is, is not known yet."""
    return TillConfig(
        channel.address, terminal, signing.ENROL_AUDIENCE, signer.public_key, folder / _KEY_FILE,
        folder / _JOURNAL_FILE, ca_file=channel.ca_file, insecure=channel.insecure,
        allow_plaintext_beyond_loopback=channel.allow_plaintext_beyond_loopback,
        certificate_file=channel.certificate_file, certificate_key_file=channel.certificate_key_file,
    )


def _exchange(
    wire: Transport, signer: signing.KeySigner, secret: str, terminal: str, corrected: CorrectedClock
) -> tuple[Request, Reply]:
    """Sends Enrol; once more, corrected, if the clock is off.

    Who answers is not known before the root is, so this correction is unproven. It is bounded, and ends
    with the enrolment: what is kept of it is only what the code's own root vouches for.
    """
    body = asking.enrol(secret, signer.suite, signer.public_key)

    def send() -> tuple[Request, Reply]:
        request = sign(
            ENROL, body, signer=signer, audience=signing.ENROL_AUDIENCE, terminal=terminal,
            now_ms=corrected.now_ms(), nonce=secrets.token_urlsafe(16),
        )
        return request, wire.call(request, ENROL.deadline_ms)

    request, reply = send()
    facts = facts_of(reply.code, reply.details())
    skewed = reply.code != OK and facts.refusal.reason == CORRECTED_ONCE
    if skewed and facts.gateway_at and corrected.correct(facts.gateway_at):
        request, reply = send()
    return request, reply


def _believed(request: Request, reply: Reply, fingerprint: str, now_ms: int) -> tuple[Enrolled, int]:
    """Returns what was answered, and when in milliseconds since 1970, if the code's root vouches for it."""
    if reply.code != OK:
        refusal = facts_of(reply.code, reply.details()).refusal
        raise error_class(refusal.reason, reply.code)(refusal)
    try:
        enrolled = covering.enrolled(reply.body)
        root = signing.verifier_of(enrolled.root_public_key)
    except (UnreadableError, signing.KeyInvalidError) as error:
        raise till_error(TillReason.ANSWER_UNREADABLE, cause=str(error)) from error
    if root.key != fingerprint:
        raise till_error(TillReason.ROOT_MISMATCH, cause="its root key is not the code's")
    peer = Peer(enrolled.audience, root)
    evidence = evidence_of(request, reply, signing.ENROL_AUDIENCE, peer, now_ms)
    if evidence is None:
        raise till_error(TillReason.ANSWER_UNVERIFIED)
    return enrolled, evidence.timestamp_ms


def _begin_journal(path: Path, began_ms: int) -> None:
    """By the gateway's clock, from before it registered the key: what is sold with that is all here."""
    journal = SqliteJournal(path)
    try:
        journal.began_ms(began_ms)
    finally:
        journal.close()


def _write_config(path: Path, channel: Channel, enrolled: Enrolled) -> None:
    lines = [
        f"address = {_quoted(channel.address)}",
        f"terminal = {_quoted(enrolled.terminal)}",
        f"audience = {_quoted(enrolled.audience)}",
        f"root_public_key = {_quoted(signing.encode(enrolled.root_public_key))}",
        f'key_file = "{_KEY_FILE}"',
        f'journal = "{_JOURNAL_FILE}"',
        f"institution_name = {_quoted(enrolled.institution_name)}",
        "",
        "[tls]",
        f"insecure = {str(channel.insecure).lower()}",
        f"allow_plaintext_beyond_loopback = {str(channel.allow_plaintext_beyond_loopback).lower()}",
    ]
    files = {
        "ca_file": channel.ca_file, "certificate_file": channel.certificate_file,
        "certificate_key_file": channel.certificate_key_file,
    }
    lines += [
        f"{name} = {_quoted(str(file.absolute()))}" for name, file in files.items() if file is not None
    ]
    # Whole or not at all: the rest of one that the power cut short would keep the next try away.
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join([*lines, ""]))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _quoted(text: str) -> str:
    """Returns a TOML string; control characters and quotes are escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


