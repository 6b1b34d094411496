"""The gateway's own keys: made once, read by nobody else."""

import os
import stat
import sys
from pathlib import Path

import pytest

from medsettle_gateway.config import ConfigError
from medsettle_gateway.files import keys as key_files
from medsettle_gateway.files.keys import Keys, create_keys, load_keys

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")


def test_keys_are_made_once_and_then_kept(tmp_path: Path) -> None:
    made = create_keys(tmp_path / "keys", demo=False)
    first = load_keys(tmp_path / "keys")
    assert {path.name for path in made} == {"root.pem", "identities", "quotes"}
    assert create_keys(tmp_path / "keys", demo=False) == ()
    again = load_keys(tmp_path / "keys")
    assert again.root.key == first.root.key
    assert (again.identities, again.quotes) == (first.identities, first.quotes)
    assert [len(secret) for secret in (*first.identities, first.quotes)] == [32, 32]
    assert first.quotes not in first.identities


def test_only_a_demo_has_an_issuer_and_a_gateway_may_become_one(tmp_path: Path) -> None:
    create_keys(tmp_path, demo=False)
    assert load_keys(tmp_path).issuer is None
    create_keys(tmp_path, demo=True)
    assert load_keys(tmp_path).issuer is not None


@pytest.mark.parametrize("links", [True, False])
def test_who_makes_keys_while_another_does_is_refused_and_the_others_keys_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    made = key_files._private_key
    stands: list[Keys] = []

    def another_is_first() -> bytes:
        monkeypatch.setattr(key_files, "_private_key", made)
        create_keys(tmp_path, demo=False)
        stands.append(load_keys(tmp_path))
        return made()

    def no_links(_draft: Path, _path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(key_files, "_private_key", another_is_first)
    if not links:
        monkeypatch.setattr(os, "link", no_links, raising=False)
    with pytest.raises(ConfigError, match="then run this again"):
        create_keys(tmp_path, demo=False)
    (before,), after = stands, load_keys(tmp_path)
    assert after.root.key == before.root.key
    assert (after.identities, after.quotes) == (before.identities, before.quotes)
    assert {path.name for path in tmp_path.iterdir()} == {"root.pem", "identities", "quotes"}
    assert create_keys(tmp_path, demo=False) == ()


@posix_only
def test_only_the_owner_may_read_a_key_file(tmp_path: Path) -> None:
    for path in create_keys(tmp_path / "keys", demo=True):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


@posix_only
def test_a_keys_name_is_on_the_disk_like_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, list[str]]] = []

    def fsync(handle: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(handle).st_mode), [each.name for each in tmp_path.iterdir()]))

    monkeypatch.setattr(os, "fsync", fsync)
    made = create_keys(tmp_path, demo=True)
    assert [folder for folder, _ in synced] == [False, True] * len(made)
    assert sorted(synced[-1][1]) == sorted(path.name for path in made)


def test_making_keys_leaves_no_draft_behind(tmp_path: Path) -> None:
    made = create_keys(tmp_path, demo=True)
    assert sorted(tmp_path.iterdir()) == sorted(made)


@posix_only
@pytest.mark.parametrize("name", ["root.pem", "identities", "quotes", "issuer.pem"])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, name: str) -> None:
    create_keys(tmp_path, demo=True)
    (tmp_path / name).chmod(0o640)
    with pytest.raises(ConfigError, match="run chmod 600") as refused:
        load_keys(tmp_path)
    assert name in refused.value.en


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("root.pem", b"no key"),
        ("root.pem", b""),
        ("identities", b"00" * 31),
        ("identities", b"xy" * 32),
        ("quotes", b"\xff\xfe"),
        ("issuer.pem", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"),
    ],
)
def test_a_key_file_that_holds_no_key_is_refused_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    create_keys(tmp_path, demo=True)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        load_keys(tmp_path)
    assert name in refused.value.zh
    assert name in refused.value.en


def test_a_missing_key_directory_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="restore the key directory from the backup"):
        load_keys(tmp_path / "nowhere")


def test_keys_show_nothing_of_themselves(tmp_path: Path) -> None:
    create_keys(tmp_path, demo=True)
    keys = load_keys(tmp_path)
    assert repr(keys) == "Keys()"
