"""What the tests of the drop-in share."""

import pytest

from .installation import Installation, install


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """rev and this package in one environment."""
    return install(tmp_path_factory.mktemp("installation").resolve() / "environment")
