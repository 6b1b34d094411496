"""New certificates while the gateway serves, and files that no gateway should start with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from medsettle.testing import Gateway, GatewayFailedError
from medsettle.till import Till
from tests.e2e.secured import HOST, Secured, another, enrolled, files_of, shown_by
from tests.gateway.rpc.certificates import Authority

pytestmark = pytest.mark.e2e


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Secured]:
    authority = Authority.make()
    with Gateway(settings=files_of(tmp_path, authority)) as gateway:
        yield Secured(gateway, tmp_path, authority, enrolled(gateway, tmp_path))


def test_a_new_certificate_is_shown_to_the_next_connection_and_old_ones_go_on(secured: Secured) -> None:
    first = shown_by(secured)
    with Till.open(another(secured, secured.folder)) as till:
        assert till.probe().answering_key
        secured.authority.issued(secured.folder, HOST)
        second = shown_by(secured)
        assert till.probe().answering_key
    assert first != second
    assert shown_by(secured) == second


def test_files_in_the_middle_of_their_replacement_end_nothing(secured: Secured) -> None:
    first = shown_by(secured)
    certificate, key = secured.folder / "host.pem", secured.folder / "host-key.pem"
    whole = key.read_bytes()
    key.write_bytes(whole[: len(whole) // 2])
    assert shown_by(secured) == first
    assert "listen.tls_key" in secured.gateway.log
    certificate.unlink()
    assert shown_by(secured) == first
    secured.authority.issued(secured.folder, HOST)
    assert shown_by(secured) != first


def test_an_authority_that_is_changed_is_asked_of_the_next_till(tmp_path: Path) -> None:
    authority, before, after = Authority.make(), Authority.make(), Authority.make()
    settings = files_of(tmp_path, authority) | {
        "listen.tls_client_ca": str(before.kept(tmp_path, "of-tills")),
    }
    certificate, key = before.issued(tmp_path, "till", "till")
    with Gateway(settings=settings) as gateway:
        own = {"certificate_file": certificate, "certificate_key_file": key}
        secured = Secured(gateway, tmp_path, authority, enrolled(gateway, tmp_path, **own))
        after.kept(tmp_path, "of-tills")
        renewed = after.issued(tmp_path, "till", "renewed")
        changed = another(secured, tmp_path, certificate_file=renewed[0], certificate_key_file=renewed[1])
        with Till.open(changed) as till:
            assert till.probe().answering_key


@pytest.mark.parametrize(("name", "content", "said"), [
    ("host.pem", "rubbish", "listen.tls_certificate"), ("host-key.pem", "", "listen.tls_key"),
    ("of-tills.pem", "rubbish", "listen.tls_client_ca"),
])
def test_a_file_that_is_none_keeps_the_gateway_from_starting_and_is_named(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    authority = Authority.make()
    settings = files_of(tmp_path, authority) | {
        "listen.tls_client_ca": str(authority.kept(tmp_path, "of-tills")),
    }
    (tmp_path / name).write_text(content)
    with pytest.raises(GatewayFailedError, match=said) as caught, Gateway(settings=settings):
        pass
    assert "无法使用" in str(caught.value)
    assert "Traceback" not in str(caught.value)
