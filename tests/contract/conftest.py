"""The suites of this folder run once for each body in `bodies.py`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from state.ports import Bus
from tests.contract.bodies import BODIES, BUSES, Body, HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=BODIES)
async def body(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> AsyncIterator[Body]:
    async with BODIES[request.param](tmp_path, clock) as opened:
        yield opened


@pytest.fixture(params=BUSES)
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Bus:
    return BUSES[request.param](tmp_path)
