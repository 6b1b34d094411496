"""The section of credentials: which kinds are accepted, and the services that say whose a code is."""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from medsettle_gateway.config.reading import ConfigError

ELECTRONIC: Final = "electronic"
KINDS: Final = (ELECTRONIC, "identity_card", "social_card")

_CODE_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
_PREFIX: Final = re.compile(r"[!-~]{1,32}")
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_ORG_CHARS: Final = 40
_SERVICES_COUNT: Final = 16


def _limit(default: int, least: int, most: int) -> int:
    value: int = field(default=default, metadata={"least": least, "most": most})
    return value


@dataclass(frozen=True, slots=True)
class CredentialService:
    """One service that says whose a scanned code is, by the call ``ec.query``.

    ``code_type`` is what tills call its codes; empty: the national code. A code without a type that begins
    with ``prefix`` is its too. ``org_id`` empty: the asking institution's own code. What the service wants to
    see of us stands in ``secret_file`` or in the environment variable ``secret_variable``, never here, and is
    sent as the header ``secret_header``. ``life_s``: how long what it said of a code is taken as said.
    """

    url: str = ""
    code_type: str = ""
    prefix: str = ""
    org_id: str = ""
    office_id: str = ""
    office_name: str = ""
    device_type: str = ""
    ca_file: Path | None = None
    secret_file: Path | None = None
    secret_variable: str = ""
    secret_header: str = "Authorization"  # noqa: S105 - the name of a header
    timeout_ms: int = _limit(3_000, 50, 10_000)
    """How long one attempt may take; after 10 s in all nobody waits any more."""
    attempts: int = _limit(2, 1, 5)
    connections: int = _limit(32, 1, 1_024)
    """Calls that may be with it at one time; further ones wait as long as one attempt may take."""
    life_s: int = _limit(300, 0, 3_600)

    def __str__(self) -> str:
        """Its codes and where it is: no secret stands in it."""
        return f"{self.code_type or 'national'} {self.url}"


@dataclass(frozen=True, slots=True)
class CredentialsSection:
    """Which credentials are accepted. Cards are found in the register by their numbers, and not used up."""

    kinds: tuple[str, ...] = (ELECTRONIC,)
    services: tuple[CredentialService, ...] = ()
    remembered: int = _limit(20_000, 0, 1_000_000)
    """Codes, known by keyed hashes only, that the process remembers while they live."""

    @property
    def knows_nobody(self) -> bool:
        """Does it name neither a service nor a kind of card?"""
        return not self.services and not any(kind != ELECTRONIC for kind in self.kinds)


def credentials_agree(section: CredentialsSection) -> None:
    """What no single value shows. Raises ConfigError for the first fault."""
    for kind in section.kinds:
        if kind not in KINDS:
            listed = ", ".join(KINDS)
            raise ConfigError(
                f"credentials.kinds 中的 {kind!r} 应是以下之一:{listed}。",
                f"{kind!r} in credentials.kinds must be one of {listed}.",
            )
    if len(section.services) > _SERVICES_COUNT:
        raise ConfigError(
            f"credentials.services 最多 {_SERVICES_COUNT} 个。",
            f"There may be up to {_SERVICES_COUNT} credentials.services.",
        )
    if section.services and ELECTRONIC not in section.kinds:
        raise ConfigError(
            f"设置了 credentials.services 时,credentials.kinds 必须包含 {ELECTRONIC}。",
            f"With credentials.services, credentials.kinds must have {ELECTRONIC}.",
        )
    for number, service in enumerate(section.services, 1):
        _service_agrees(f"credentials.services[{number}]", service)
    _told_apart(section.services)


def _service_agrees(place: str, service: CredentialService) -> None:
    _url_agrees(place, service.url)
    for name, form in (("code_type", _CODE_TYPE), ("prefix", _PREFIX)):
        value = getattr(service, name)
        if value and not form.fullmatch(value):
            raise ConfigError(
                f"{place}.{name} 的格式不正确:最长32个可见的 ASCII 字符,code_type 只用小写字母、数字和 _.-。",
                f"{place}.{name} has the wrong form: up to 32 visible ASCII characters, a code_type of "
                "lower-case letters, digits and _.- only.",
            )
    for name in ("org_id", "office_id", "office_name", "device_type"):
        if len(getattr(service, name)) > _ORG_CHARS:
            raise ConfigError(
                f"{place}.{name} 最长 {_ORG_CHARS} 个字符。",
                f"{place}.{name} has up to {_ORG_CHARS} characters.",
            )
    _secret_agrees(place, service)


def _secret_agrees(place: str, service: CredentialService) -> None:
    if service.secret_file is not None and service.secret_variable:
        raise ConfigError(
            f"{place} 的 secret_file 与 secret_variable 只能设置一个。",
            f"{place}: set one of secret_file and secret_variable.",
        )
    if service.secret_variable and not _VARIABLE.fullmatch(service.secret_variable):
        raise ConfigError(
            f"{place}.secret_variable 应是环境变量的名称,不是密钥本身。",
            f"{place}.secret_variable must be the name of an environment variable, not the secret itself.",
        )
    if not _HEADER.fullmatch(service.secret_header):
        raise ConfigError(
            f"{place}.secret_header 应是 HTTP 首部名称。",
            f"{place}.secret_header must be the name of a header.",
        )


def _url_agrees(place: str, url: str) -> None:
    """What was written is never repeated: a password may stand in it."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, sound = SplitResult("", "", "", "", ""), False
    more = parts.username or parts.password or parts.query or parts.fragment
    if not sound or more or not url.isprintable():
        raise ConfigError(
            f"{place}.url 应是 https://主机/路径,其中没有用户名、密码和参数。",
            f"{place}.url must be https://HOST/PATH, with no user, password or parameters in it.",
        )
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ConfigError(
            f"{place}.url:本机以外的凭证服务必须使用 https,否则患者身份会以明文传输。",
            f"{place}.url: beyond this machine a credential service must be reached by https, or patients' "
            "identities would travel in the clear.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _told_apart(services: tuple[CredentialService, ...]) -> None:
    """Each code must be one service's: no two types alike, and no prefix that another begins with."""
    seen: list[CredentialService] = []
    for service in services:
        for other in seen:
            alike = service.code_type == other.code_type
            starts = service.prefix and other.prefix and (
                service.prefix.startswith(other.prefix) or other.prefix.startswith(service.prefix)
            )
            if alike or starts:
                raise ConfigError(
                    "credentials.services 中有两个服务的 code_type 相同,或一个的 prefix 是另一个的开头。",
                    "Two of credentials.services have the same code_type, or the prefix of one begins that "
                    "of the other.",
                )
        seen.append(service)
