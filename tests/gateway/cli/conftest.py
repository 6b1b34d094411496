"""A demo city for each test, made once and copied."""

import shutil
from pathlib import Path

import pytest

from tests.gateway.cli.city import City


@pytest.fixture(scope="session")
def model_city(tmp_path_factory: pytest.TempPathFactory) -> City:
    city = City(tmp_path_factory.mktemp("city") / "model")
    city.run("demo-city", str(city.folder))
    return city


@pytest.fixture
def city(model_city: City, tmp_path: Path) -> City:
    shutil.copytree(model_city.folder, tmp_path / "city")
    return City(tmp_path / "city")
