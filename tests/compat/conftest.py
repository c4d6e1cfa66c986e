"""What the tests of this folder share."""

from collections.abc import Callable, Iterator

import pytest

from .installation import Installation, install
from .process import Server


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], Server]]:
    """A process for each version of rev, started when it is first asked for."""
    running: dict[str, Server] = {}
    reasons: dict[str, str] = {}

    def server(version: str) -> Server:
        if version not in running and version not in reasons:
            try:
                running[version] = Server(version)
            except RuntimeError as error:
                reasons[version] = f"rev {version} cannot be had: {error}"
        if version in reasons:
            pytest.skip(reasons[version])
        return running[version]

    yield server
    for one in running.values():
        one.close()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """rev and this package in one environment, with their commands."""
    try:
        return install(tmp_path_factory.mktemp("installation").resolve() / "environment")
    except RuntimeError as error:
        pytest.skip(f"rev cannot be had: {error}")
