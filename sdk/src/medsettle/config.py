"""The till's configuration: ``till.toml``, or the same values as arguments.

::

    address = "gateway.example:7443"        # host:port
    terminal = "P21030000001-01"            # <institution>-<till>
    audience = "anshan-1"                   # the gateway's id
    root_public_key = "MCowBQYDK2VwAyEA..." # of the operator: base64 DER, or PEM
    key_file = "till.key"                   # paths: beside this file unless absolute
    journal = "till.journal"
    operator = "001"                        # optional: who works the till unless a call says
    institution_name = "康宁大药房"          # optional: for receipts
    wait_ms = 20000                         # optional: longest wait for the gateway in one go, all calls

    [tls]
    ca_file = "ca.pem"                      # optional: else the system's authorities
    certificate_file = "till.pem"           # optional: the till's own, where the gateway asks for one
    certificate_key_file = "till-tls.key"   # its key, not encrypted
    insecure = false                        # plaintext, to this machine only
    allow_plaintext_beyond_loopback = false

    [deadlines_ms]                          # optional: total per call, all tries together
    Settle = 20000

    [receipt]
    columns = 32
"""

import binascii
import tomllib
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from medsettle.errors import ConfigError, MedsettleError, refusal_of, till_error
from medsettle.till_reasons import TillReason
from medsettle.wire.calls import CALLS, Call
from medsettle.wire.request_ids import is_terminal
from medsettle.wire.signing import KeyInvalidError, verifier_of

DEADLINE_MS_MAX: Final = 120_000
WAIT_MS: Final = range(5_000, 120_001)
COLUMNS: Final = range(24, 129)
_METHODS: Final = {call.method: call for call in CALLS}


@dataclass(frozen=True, slots=True)
class TillConfig:
    """What a till needs to know. ``root_public_key`` is DER; paths are as they are opened.

    ``ca_file`` None: the system's authorities. ``certificate_file`` and its key are shown to a gateway that
    asks for them; they sign no request. ``deadlines_ms``: by method name, total, all tries
    together, where they differ from ``wire.calls``. ``wait_ms``: how long a sale waits for the gateway in
    one go, all its calls together: until the cash is collected, and after it.
    """

    address: str
    terminal: str
    audience: str
    root_public_key: bytes
    key_file: Path
    journal: Path
    operator: str = ""
    institution_name: str = ""
    ca_file: Path | None = None
    insecure: bool = False
    allow_plaintext_beyond_loopback: bool = False
    deadlines_ms: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    wait_ms: int = 20_000
    columns: int = 32
    certificate_file: Path | None = None
    certificate_key_file: Path | None = None

    def __post_init__(self) -> None:
        """Raises ConfigError for what no till could work with."""
        if not is_terminal(self.terminal):
            raise wrong("terminal", *not_a_terminal(self.terminal))
        host, _, port = self.address.rpartition(":")
        if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):  # noqa: PLR2004
            raise wrong("address", f"{self.address!r} 不是 主机:端口", f"{self.address!r} is not host:port")
        if not self.audience or "\n" in self.audience:
            raise wrong("audience", "没有写网关编号", "it names no gateway")
        if len(self.operator) > 40:  # noqa: PLR2004 - the contract's limit
            raise wrong("operator", "超过40个字符", "it is longer than 40 characters")
        if self.columns not in COLUMNS:
            raise wrong("receipt.columns", *_outside(COLUMNS))
        self._check_root()
        self._check_certificate()
        for method, deadline_ms in self.deadlines_ms.items():
            _check_deadline(method, deadline_ms)
        if self.wait_ms not in WAIT_MS:
            raise wrong("wait_ms", *_outside(WAIT_MS))

    def _check_root(self) -> None:
        try:
            verifier_of(self.root_public_key)
        except KeyInvalidError as error:
            raise wrong("root_public_key", "不是可用的公钥", str(error)) from error

    def _check_certificate(self) -> None:
        if (self.certificate_file is None) != (self.certificate_key_file is None):
            raise wrong(
                "tls.certificate_file", "须与 tls.certificate_key_file 同时设置",
                "it and tls.certificate_key_file are only used together",
            )
        if self.certificate_file is not None and self.insecure:
            raise wrong(
                "tls.certificate_file", "与 tls.insecure 不能同用", "it is of no use with tls.insecure"
            )

    def deadline_ms(self, call: Call) -> int:
        """Returns a call's total deadline in milliseconds."""
        return self.deadlines_ms.get(call.method, call.deadline_ms)

    @property
    def institution(self) -> str:
        """The institution's code."""
        return self.terminal.rpartition("-")[0]


def wrong(key: str, zh: str, en: str) -> MedsettleError:
    """Returns the error of a wrong key; ``zh`` and ``en`` say what is wrong with it, without a full stop."""
    refusal = refusal_of(TillReason.CONFIG_INVALID, key=key, cause=en)
    return ConfigError(replace(
        refusal, zh=f"收银配置的 {key} 不正确:{zh}。",
        en=f"{key} in the till's configuration is not right: {en}.",
    ))


def not_a_terminal(text: str) -> tuple[str, str]:
    """Returns what is wrong with a terminal's id, in both languages."""
    return (
        f"{text!r} 不是由 A-Z、0-9 组成的 <机构>-<收银机>",
        f"{text!r} is not <institution>-<till> in A-Z and 0-9",
    )


def _outside(allowed: range) -> tuple[str, str]:
    least, most = allowed.start, allowed.stop - 1
    return f"应为 {least} 到 {most}", f"it is not {least} to {most}"


def _check_deadline(method: str, deadline_ms: int) -> None:
    if method not in _METHODS:
        calls = ", ".join(_METHODS)
        raise wrong(f"deadlines_ms.{method}", f"没有这个调用;有:{calls}", f"no such call; calls are {calls}")
    if not 0 < deadline_ms <= DEADLINE_MS_MAX:
        raise wrong(f"deadlines_ms.{method}", *_outside(range(1, DEADLINE_MS_MAX + 1)))


def read_config(path: str | Path) -> TillConfig:
    """Returns the configuration of a TOML file. Raises ConfigError: CONFIG_MISSING, or CONFIG_INVALID with
    one clear sentence about one key.
    """
    file = Path(path)
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise till_error(TillReason.CONFIG_MISSING, key="file", file=str(file)) from error
    except OSError as error:
        why = error.strerror
        raise wrong("file", f"无法读取 {file}({why})", f"{file} cannot be read ({why})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise wrong("file", f"{file} 不是 TOML({error})", f"{file} is not TOML: {error}") from error
    return _config(table, file.absolute().parent)


_TOP: Final[dict[str, type]] = {
    "address": str, "terminal": str, "audience": str, "root_public_key": str, "key_file": str,
    "journal": str, "operator": str, "institution_name": str, "tls": dict, "deadlines_ms": dict,
    "receipt": dict, "wait_ms": int,
}
_REQUIRED: Final = ("address", "terminal", "audience", "root_public_key", "key_file", "journal")
_TLS: Final[dict[str, type]] = {
    "ca_file": str, "certificate_file": str, "certificate_key_file": str, "insecure": bool,
    "allow_plaintext_beyond_loopback": bool,
}
_TLS_FILES: Final = ("ca_file", "certificate_file", "certificate_key_file")
_RECEIPT: Final[dict[str, type]] = {"columns": int}
_TYPES: Final = {
    str: ("文本", "a text"), int: ("整数", "a whole number"), bool: (" true 或 false", "true or false"),
    dict: ("表", "a table"),
}


def _config(table: dict[str, Any], folder: Path) -> TillConfig:
    _check_keys(table, _TOP, "")
    for key in _REQUIRED:
        if key not in table:
            raise wrong(key, "缺少这一项", "it is missing")
    tls, receipt = table.pop("tls", {}), table.pop("receipt", {})
    deadlines = table.pop("deadlines_ms", {})
    _check_keys(tls, _TLS, "tls.")
    _check_keys(receipt, _RECEIPT, "receipt.")
    _check_keys(deadlines, dict.fromkeys(deadlines, int), "deadlines_ms.")
    table["root_public_key"] = _public_key(table["root_public_key"])
    for key in ("key_file", "journal"):
        table[key] = folder / table[key]
    for key in _TLS_FILES:
        if key in tls:
            tls[key] = folder / tls[key]
    return TillConfig(**table, **tls, **receipt, deadlines_ms=MappingProxyType(deadlines))


def _check_keys(table: dict[str, Any], known: Mapping[str, type], prefix: str) -> None:
    for key, value in table.items():
        if key not in known:
            keys = ", ".join(prefix + each for each in known)
            raise wrong(prefix + key, f"没有这一项;有:{keys}", f"no such key; keys are {keys}")
        if type(value) is not known[key]:
            zh, en = _TYPES[known[key]]
            raise wrong(prefix + key, f"不是{zh}", f"it is not {en}")


def _public_key(text: str) -> bytes:
    """Returns the DER of a public key in PEM or base64."""
    read: Callable[[str], bytes] = _from_pem if text.lstrip().startswith("-----") else _from_base64
    return read(text)


def _from_pem(text: str) -> bytes:
    try:
        public = load_pem_public_key(text.encode())
    except ValueError as error:
        raise wrong("root_public_key", "不是 PEM 格式的公钥", "it is no public key in PEM") from error
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _from_base64(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise wrong(
            "root_public_key", "既不是 PEM 也不是 base64", "it is neither PEM nor base64"
        ) from error
