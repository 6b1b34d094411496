"""A demo city for each test, made once for each store and copied."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.gateway.cli.city import City

if TYPE_CHECKING:
    from tests.postgres import Databases


@pytest.fixture(scope="session")
def model_city(tmp_path_factory: pytest.TempPathFactory) -> City:
    city = City(tmp_path_factory.mktemp("city") / "model")
    city.run("demo-city", str(city.folder))
    return city


@pytest.fixture(scope="session")
def model_city_on_a_server(tmp_path_factory: pytest.TempPathFactory, databases: "Databases") -> City:
    city = City(tmp_path_factory.mktemp("city") / "served", databases.new())
    city.run("demo-city", str(city.folder), "--database-url", city.url)
    return city


@pytest.fixture
def city(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[City]:
    """In a file, unless the test asks for both stores."""
    if getattr(request, "param", "file") == "file":
        yield request.getfixturevalue("model_city").copied(tmp_path / "city")
        return
    model: City = request.getfixturevalue("model_city_on_a_server")
    databases: Databases = request.getfixturevalue("databases")
    url = databases.new(model.url)
    yield model.copied(tmp_path / "city", url)
    databases.drop(url)
