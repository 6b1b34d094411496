"""``medsettle enrol``: a terminal's first key."""

import contextlib
import socket
from typing import Final

from medsettle.cli.counter import Counter, UsageError
from medsettle.cli.doctor import secured
from medsettle.cli.parser import PAID
from medsettle.cli.reaching import TIMEOUT_S, host_and_port, speaks_tls
from medsettle.enrolment import Channel, Enrolment, enrol
from medsettle.errors import ConfigError, GatewayAwayError
from medsettle.ticket import china_day

_TYPED: Final = {
    "code": "CODE", "terminal": "--terminal", "directory": "--directory", "suite": "--suite",
    "address": "--gateway", "tls.insecure": "--insecure", "tls.ca_file": "--ca",
    "tls.certificate_file": "--certificate", "tls.certificate_key_file": "--certificate-key",
}
"""The words of the command for the keys of a configuration."""


def enrolled(counter: Counter) -> int:
    """Registers this till and writes its key and configuration. Returns 0."""
    given = counter.arguments
    channel = Channel(
        given.gateway, ca_file=given.ca, insecure=given.insecure, certificate_file=given.certificate,
        certificate_key_file=given.certificate_key,
    )
    try:
        ready = enrol(channel, given.code, given.terminal, given.directory, suite=given.suite)
    except ConfigError as error:
        raise _typed_wrongly(error) from error
    except GatewayAwayError:
        _check_tls(channel)
        raise
    shown = {
        "config": str(ready.config_file), "terminal": ready.terminal, "institution": ready.institution,
        "institution_name": ready.institution_name, "gateway": ready.audience, "key": ready.key,
        "not_after": ready.not_after,
    }
    counter.answer(shown, lambda: _show(counter, ready))
    return PAID


def _typed_wrongly(error: ConfigError) -> Exception:
    """The user has typed arguments and knows of no configuration yet."""
    key = error.details.get("key", "")
    if key not in _TYPED:
        return error
    zh = error.zh.partition(":")[2].rstrip("。")
    en = error.details.get("cause", "")
    typed = _TYPED[key]
    return UsageError(f"{typed} 不正确:{_as_typed(zh)}。", f"{typed} is not right: {_as_typed(en)}.")


def _check_tls(channel: Channel) -> None:
    """Raises UsageError if one side speaks TLS and the other does not, or a certificate is in the way."""
    secure = speaks_tls(channel.address)
    if secure is False and not channel.insecure:
        raise UsageError(
            f"{channel.address} 没有使用TLS:请改用TLS端口;仅限本机时可加 --insecure。",
            f"{channel.address} does not speak TLS: name its TLS port, or add --insecure on one machine.",
        )
    if secure and channel.insecure:
        raise UsageError(
            f"{channel.address} 使用TLS:请去掉 --insecure,必要时用 --ca 给出证书。",
            f"{channel.address} speaks TLS: leave out --insecure; name its authority with --ca if needed.",
        )
    host, port = host_and_port(channel.address)
    with contextlib.suppress(OSError), socket.create_connection((host, port), TIMEOUT_S) as connection:
        check = secured(channel, connection, host)
        if not check.ok:
            raise UsageError(
                f"TLS 检查未通过 the TLS check failed: {check.found}.", f"{_as_typed(check.next)}."
            )


def _as_typed(text: str) -> str:
    for name, typed in _TYPED.items():
        text = text.replace(name, typed) if "." in name else text
    return text


def _show(counter: Counter, ready: Enrolment) -> None:
    until = f" (至 until {china_day(ready.not_after)})" if ready.not_after else ""
    counter.screen.show([
        f"已注册 enrolled: {ready.terminal} {ready.institution_name}",
        f"密钥 key: {ready.key}{until}",
        f"配置 configuration: {ready.config_file}",
        f"下一步 next: medsettle doctor --config {ready.config_file}",
    ])
