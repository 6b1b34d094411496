"""The gateway's own keys, each in a file that only its owner may read.

================  ==================================================================
``root.pem``      the operator's root: tills pin it, it vouches for answering keys
``identities``    seals names and numbers of people; without it they are lost
``quotes``        marks quotes, so that any process of the operator can check them
``issuer.pem``    the demo issuer of credentials; only made for a demo
================  ==================================================================

All but the issuer are made once, with the database: another root would shut out every till.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medsettle.wire.signing import KeyInvalidError, KeySigner
from medsettle_gateway.config import ConfigError
from medsettle_gateway.files.identity_keys import IDENTITIES, SECRET_BYTES, load_identity_keys
from medsettle_gateway.files.private import create_private, read_private

ROOT, QUOTES, ISSUER = "root.pem", "quotes", "issuer.pem"


@dataclass(frozen=True, slots=True)
class Keys:
    """What the key directory holds. ``issuer`` is None unless a demo was set up.

    ``identities``: the oldest first, the last one seals.
    """

    root: KeySigner = field(repr=False)
    identities: tuple[bytes, ...] = field(repr=False)
    quotes: bytes = field(repr=False)
    issuer: KeySigner | None = field(repr=False)


def create_keys(directory: Path, *, demo: bool) -> tuple[Path, ...]:
    """Makes the keys that are missing and returns their paths; a key that exists is never replaced.

    Only for a database that is new. Raises ConfigError if the directory cannot be written, or another process
    makes keys there at the same moment: what it has made stands.
    """
    made = _create_missing(directory, {ROOT: _private_key, IDENTITIES: _secret, QUOTES: _secret})
    return made + create_issuer(directory) if demo else made


def create_issuer(directory: Path) -> tuple[Path, ...]:
    """Makes the demo issuer's key if it is missing and returns its path; a demo may always get one."""
    return _create_missing(directory, {ISSUER: _private_key})


def lasting_keys(directory: Path) -> tuple[Path, ...]:
    """Returns those files that are there of a root, identities and quotes key."""
    return tuple(path for name in (ROOT, IDENTITIES, QUOTES) if (path := directory / name).exists())


def _create_missing(directory: Path, wanted: Mapping[str, Callable[[], bytes]]) -> tuple[Path, ...]:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        missing = [name for name in wanted if not (directory / name).exists()]
        return tuple(create_private(directory / name, wanted[name]()) for name in missing)
    except FileExistsError as error:
        raise ConfigError(
            f"另一个进程正在 {directory} 建立密钥,它的密钥保持原样。请等它结束,再执行一次。",
            f"Another process is making keys in {directory}, and they are kept as they are. Wait until it "
            "has ended, then run this again.",
        ) from error
    except OSError as error:
        raise ConfigError(
            f"无法在 {directory} 建立密钥文件({error.strerror})。",
            f"Cannot make key files in {directory} ({error.strerror}).",
        ) from error


def load_keys(directory: Path, unwrap: Sequence[str] = ()) -> Keys:
    """Returns the keys of the directory. Raises ConfigError, naming the file that is at fault.

    ``unwrap``: the operator's command for keys of people's names and numbers that are wrapped.
    """
    issuer = directory / ISSUER
    return Keys(
        root=_signer(directory / ROOT),
        identities=load_identity_keys(directory, unwrap),
        quotes=_secret_of(directory / QUOTES),
        issuer=_signer(issuer) if issuer.exists() else None,
    )


def _private_key() -> bytes:
    return KeySigner.generate().to_pem()


def _secret() -> bytes:
    return secrets.token_hex(SECRET_BYTES).encode("ascii") + b"\n"


def _signer(path: Path) -> KeySigner:
    try:
        return KeySigner.from_pem(read_private(path))
    except KeyInvalidError as error:
        raise ConfigError(
            f"{path} 不是可用的私钥文件({error})。", f"{path} holds no usable private key ({error})."
        ) from error


def _secret_of(path: Path) -> bytes:
    content = read_private(path)
    try:
        secret = bytes.fromhex(content.decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise ConfigError(
            f"{path} 应是 {2 * SECRET_BYTES} 位十六进制密钥。",
            f"{path} must hold {2 * SECRET_BYTES} hex digits.",
        )
    return secret
