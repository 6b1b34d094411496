"""``medsettle doctor``: is everything in order for a sale? One line a check, with the next step."""

import contextlib
import socket
import ssl
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from medsettle._desk.keys import pending_file
from medsettle.cli.advice import facts
from medsettle.cli.counter import Counter
from medsettle.cli.parser import PAID, TROUBLE
from medsettle.cli.reaching import TIMEOUT_S, host_and_port, is_plain, speaks_tls
from medsettle.config import TillConfig, read_config
from medsettle.credentials import is_private, read_key
from medsettle.enrolment import Channel
from medsettle.errors import MedsettleError
from medsettle.journal import Journal, SqliteJournal
from medsettle.ticket import RequestId, china_day
from medsettle.till import Till
from medsettle.transport import is_loopback
from medsettle.wire.signing import Signer

_LATEST_COUNT: Final = 20
_OWN_CERTIFICATE: Final = "请核对本机证书 check tls.certificate_file: it is asked for, or not taken"
_CLOSED: Final = "网关关闭了连接 the gateway closed the connection"
_CLOCK_OFFSET_MS_MAX: Final = 60_000
"""A fifth of what the gateway accepts: there is time to set the clock before sales are refused."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; ``next`` is what to do where it is not in order."""

    name: str
    ok: bool
    found: str
    next: str = ""


def doctor(counter: Counter) -> int:
    """Shows each check. Returns 0 if all are in order, else 4."""
    checks = tuple(examine(counter))
    counter.answer({"checks": checks}, lambda: _show(counter, checks))
    return PAID if all(check.ok for check in checks) else TROUBLE


def examine(counter: Counter) -> Iterator[Check]:
    """Yields the checks, from the till outwards; the later ones only where the earlier allow them."""
    try:
        config = read_config(counter.arguments.config)
    except MedsettleError as error:
        yield _failed("config", error)
        return
    yield Check("config", ok=True, found=f"{config.terminal} -> {config.address} ({config.audience})")
    signer = yield from _key(config)
    with contextlib.ExitStack() as stack:
        journal = yield from _journal(config)
        if journal is not None:
            stack.callback(journal.close)
        reached = yield from _network(config)
        if reached and signer is not None and journal is not None:
            with Till.open(config, journal=journal, signer=signer) as till:
                yield from _gateway(till)
                yield from _memory(till, journal)


def _key(config: TillConfig) -> Generator[Check, None, Signer | None]:
    try:
        signer = read_key(config.key_file)
    except MedsettleError as error:
        yield _failed("key", error)
        return None
    private = is_private(config.key_file)
    advice = "" if private else f"密钥文件可被他人读取 others can read it: chmod 600 {config.key_file}"
    yield Check("key", private, f"{signer.suite} {signer.key}", advice)
    if pending_file(config.key_file).exists():
        advice = "请再次更换密钥 finish it: rotate_key() once more; do not delete either file"
        found = "上次更换密钥没有收到答复 a rotation was not answered"
        yield Check("key pending", ok=True, found=found, next=advice)
    return signer


def _journal(config: TillConfig) -> Generator[Check, None, Journal | None]:
    try:
        journal = SqliteJournal(config.journal)
        open_count = len(journal.unfinished())
    except MedsettleError as error:
        yield _failed("journal", error)
        return None
    advice = "请执行 run: medsettle recover" if open_count else ""
    yield Check("journal", ok=True, found=f"{config.journal.name}, 未了结 open: {open_count}", next=advice)
    return journal


def _network(config: TillConfig) -> Generator[Check, None, bool]:
    host, port = host_and_port(config.address)
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT_S) as connection:
            yield Check("network", ok=True, found=f"{config.address} 可连接 reachable")
            secure = secured(config, connection, host)
    except OSError as error:
        advice = "请检查网络和网关地址 check the network, and address in the configuration"
        yield Check("network", ok=False, found=f"{config.address}: {error}", next=advice)
        return False
    yield secure
    return secure.ok


def secured(config: TillConfig | Channel, connection: socket.socket, host: str) -> Check:
    """Returns whether TLS comes about as it is configured, or what is in its way."""
    if config.insecure and speaks_tls(config.address):
        advice = "请去掉 remove tls.insecure; 必要时设置 set tls.ca_file"
        return Check("tls", ok=False, found="对方使用TLS the other side speaks TLS", next=advice)
    if config.insecure:
        here = is_loopback(config.address)
        advice = "" if here else "请设置 set tls.ca_file, and remove tls.insecure"
        return Check("tls", here, "未加密 plaintext" + (",仅限本机 on this machine" if here else ""), advice)
    try:
        context = ssl.create_default_context(cafile=str(config.ca_file) if config.ca_file else None)
        context.set_alpn_protocols(["h2"])
        if config.certificate_file is not None:
            context.load_cert_chain(config.certificate_file, config.certificate_key_file, password="")
        with context.wrap_socket(connection, server_hostname=host) as secured:
            until = (secured.getpeercert() or {}).get("notAfter", "?")
            if not secured.recv(1):  # whether our own certificate is taken shows after the handshake
                return Check("tls", ok=False, found=_CLOSED, next=_OWN_CERTIFICATE)
            return Check("tls", ok=True, found=f"{secured.version()}, 证书有效至 valid until {until}")
    except (OSError, ValueError) as error:
        if is_plain(error):
            advice = "请改用TLS端口 use its TLS port; 仅限本机 on one machine only: tls.insecure = true"
            found = "对方没有使用TLS the other side does not speak TLS"
            return Check("tls", ok=False, found=found, next=advice)
        advice = "请核对 tls.ca_file 与网关证书 check tls.ca_file against the gateway's certificate"
        if isinstance(error, TimeoutError):
            advice = "请检查网络和网关 check the network and the gateway: it does not answer"
        elif isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLCertVerificationError):
            advice = _OWN_CERTIFICATE
        return Check("tls", ok=False, found=str(error), next=advice)


def _gateway(till: Till) -> Iterator[Check]:
    try:
        found = till.probe()
    except MedsettleError as error:
        yield _failed("gateway", error)
        return
    answered = f"签名回答 signed answer by {found.answering_key}, {found.round_trip_ms} ms"
    yield Check("gateway", ok=True, found=answered)
    near = abs(found.clock_offset_ms) <= _CLOCK_OFFSET_MS_MAX
    advice = "" if near else "请校准本机时间 set this machine's clock"
    yield Check("clock", near, f"与网关相差 offset {found.clock_offset_ms} ms", advice)


def _memory(till: Till, journal: Journal) -> Iterator[Check]:
    """A new journal on a till that has sold today was lost, and with it what was open."""
    terminal, today = till.config.terminal, china_day(datetime.now(UTC))
    if journal.has_counted(terminal):
        return
    try:
        latest = tuple(islice(till.list_sales(terminal=terminal, page_size=_LATEST_COUNT), _LATEST_COUNT))
    except MedsettleError as error:
        yield _failed("memory", error)
        return
    ids = [RequestId.parse(sale.request_id) for sale in latest]
    lost = [str(each) for each in ids if each.on == today and journal.load(str(each)) is None]
    if lost:
        found = f"日志是新的,网关却有今天的业务 the journal is new, but not today's sales: {lost[0]}"
        advice = (
            "请找回原日志,或逐笔执行 bring the old journal back, or look up what was open: "
            "medsettle status REQUEST_ID"
        )
        yield Check("memory", ok=False, found=found, next=advice)


def _failed(name: str, error: MedsettleError) -> Check:
    found = f"{error.zh} {error.en} [{' '.join([error.reason, *facts(error.refusal)])}]"
    return Check(name, ok=False, found=found, next=f"{error.next_zh} {error.next_en}".strip())


def _show(counter: Counter, checks: tuple[Check, ...]) -> None:
    for check in checks:
        counter.screen.check(check.name, passed=check.ok, found=check.found, advice=check.next)
