"""The suites of this folder run once for each body in `bodies.py`."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from state.ports import Bus
from tests.contract.bodies import BODIES, BUSES, OF_A_SERVER, Body, HandClock, server
from tests.support.broker import mosquitto


@pytest.fixture(scope="session")
def redis_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a real Redis, which lives until the session ends."""
    folder = tmp_path_factory.mktemp("redis")
    with server(folder):
        yield folder


@pytest.fixture(scope="session")
def mqtt_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a real MQTT broker, with its port, which lives until the session ends."""
    folder = tmp_path_factory.mktemp("mqtt")
    with mosquitto(folder) as broker:
        (folder / "port").write_text(str(broker.port), encoding="utf-8")
        yield folder


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a body may keep what it keeps; a test asks for one body, or for one bus."""
    params = getattr(request.node, "callspec").params  # noqa: B009
    for body in params.values():
        if str(body) in OF_A_SERVER:
            found: Path = request.getfixturevalue(OF_A_SERVER[str(body)])
            return found
    return tmp_path


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=BODIES)
async def body(request: pytest.FixtureRequest, folder: Path, clock: HandClock) -> AsyncIterator[Body]:
    async with BODIES[request.param](folder, clock) as opened:
        yield opened


@pytest.fixture(params=BUSES)
async def bus(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[Bus]:
    async with BUSES[request.param](folder) as opened:
        yield opened
