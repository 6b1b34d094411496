"""The address of a database: what is one, and that its password is shown to nobody."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle_gateway.config import Config, ConfigError, DatabaseUrl

SECRETS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=6).map("QX".__add__)
FORMS = (
    "postgresql://me:{}@db/books", "postgresql://me:{}@db:5432,other:5433/books", "postgres://db/books?password={}",
    "postgresql://me:{}@/books?host=/run", "postgresql://db/books?sslpassword={}&user=me",
)


def refusal(value: object) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        Config.of({"storage": {"database_url": value}}, {}, Path())
    return refused.value


@given(st.sampled_from(FORMS), SECRETS)
def test_a_password_is_hidden_or_the_address_refused(form: str, secret: str) -> None:
    """Whatever stands in it, also what would end it too early."""
    url = DatabaseUrl(form.format(secret))
    if url.sound:
        assert url.has_password
        config = Config.of({"storage": {"database_url": url.text}}, {}, Path())
        said = f"{url}{url!r}{config}"
    else:
        said = str(refusal(url.text))
    assert secret not in said
    assert secret[:6] not in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://db/books", "postgresql://db/books"),
        ("postgresql://me@db:5432/books", "postgresql://me@db:5432/books"),
        ("postgresql://me:p%40ss@db/books", "postgresql://me:***@db/books"),
        ("postgresql:///books?host=/run/pg", "postgresql:///books?host=/run/pg"),
        ("postgresql://me@/books?host=/run&password=x", "postgresql://me@/books?host=/run&password=***"),
        ("postgres://db?dbname=books", "postgres://db?dbname=books"),
    ],
)
def test_an_address_is_shown_without_its_password(text: str, shown: str) -> None:
    url = DatabaseUrl(text)
    assert (url.sound, str(url)) == (True, shown)


@pytest.mark.parametrize(
    "text",
    [
        "books", "mysql://db/books", "postgresql://db", "postgresql:me:secret", "postgresql://db/books#x",
        "postgresql://me:pa/ss@db/books", "postgresql://me:pa?ss@db/books", "postgresql://me:pa#ss@db/books",
        "postgresql://db/\nbooks", 7,
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(text: object) -> None:
    refused = refusal(text)
    assert "postgresql://USER@HOST/DATABASE" in refused.en
    assert "postgresql://用户@主机/数据库" in refused.zh
    assert str(text) not in str(refused)


def test_nothing_said_keeps_the_books_in_a_file() -> None:
    assert Config.of({"storage": {"database_url": ""}}, {}, Path()).storage.database_url is None


def test_the_environment_names_a_database_above_the_file() -> None:
    variables = {"MEDSETTLE_GATEWAY__STORAGE__DATABASE_URL": "postgresql://db/books"}
    found = Config.of({"storage": {"path": "gateway.db"}}, variables, Path())
    assert found.storage.database_url == DatabaseUrl("postgresql://db/books")
