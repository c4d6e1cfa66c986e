"""What the tests of this folder share."""

from collections.abc import Callable, Iterator

import pytest

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
