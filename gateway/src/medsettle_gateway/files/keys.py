"""The gateway's own keys, each in a file that only its owner may read.

================  ==================================================================
``root.pem``      the operator's root: tills pin it, it vouches for answering keys
``identities``    seals names and numbers of people; without it they are lost
``quotes``        marks quotes, so that any process of the operator can check them
``issuer.pem``    the demo issuer of credentials; only made for a demo
================  ==================================================================

All but the issuer are made once, with the database: another root would shut out every till.
"""

import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from medsettle.wire.signing import KeyInvalidError, KeySigner
from medsettle_gateway.config import ConfigError

ROOT, IDENTITIES, QUOTES, ISSUER = "root.pem", "identities", "quotes", "issuer.pem"
SECRET_BYTES: Final = 32

_OTHERS: Final = 0o077
_LARGEST_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True)
class Keys:
    """What the key directory holds. ``issuer`` is None unless a demo was set up."""

    root: KeySigner = field(repr=False)
    identities: bytes = field(repr=False)
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
        return tuple(_create(directory / name, wanted[name]()) for name in missing)
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


def load_keys(directory: Path) -> Keys:
    """Returns the keys of the directory. Raises ConfigError, naming the file that is at fault."""
    issuer = directory / ISSUER
    return Keys(
        root=_signer(directory / ROOT),
        identities=_secret_of(directory / IDENTITIES),
        quotes=_secret_of(directory / QUOTES),
        issuer=_signer(issuer) if issuer.exists() else None,
    )


def read_private(path: Path) -> bytes:
    """Returns the content of a file that only its owner may read. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LARGEST_BYTES)
    except OSError as error:
        raise ConfigError(
            f"无法读取密钥文件 {path}({error.strerror});请从备份恢复密钥目录,不要新建密钥,"
            "否则所有收银机都会失效。",
            f"Cannot read the key file {path} ({error.strerror}): restore the key directory from the backup "
            "and make no new key, which would shut out every till.",
        ) from error
    if sys.platform != "win32" and mode & _OTHERS:
        raise ConfigError(
            f"密钥文件 {path} 可被他人读取;请执行 chmod 600。",
            f"The key file {path} can be read by others; run chmod 600 on it.",
        )
    return content


def _private_key() -> bytes:
    return KeySigner.generate().to_pem()


def _secret() -> bytes:
    return secrets.token_hex(SECRET_BYTES).encode("ascii") + b"\n"


def _create(path: Path, content: bytes) -> Path:
    """Written beside its place and then put there: a key file is whole or it is not there.

    Raises FileExistsError where another process was first.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _put(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return path


def _put(draft: Path, path: Path) -> None:
    """Gives a file its name, unless that is taken: a gateway may work with those keys already."""
    if sys.platform == "win32":
        draft.rename(path)  # there it takes no name that is taken
    else:
        try:
            os.link(draft, path)
        except FileExistsError:
            raise
        except OSError:  # a file system that has no links
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            draft.replace(path)


def _sync_folder(folder: Path) -> None:
    """A name, too, is on the disk only once its folder is; Windows has no such call and needs none."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


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
