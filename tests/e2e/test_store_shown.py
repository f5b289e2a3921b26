"""A store that is away is shown as that, by the server to programs and by the page to people, until it is back."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browsing import CHROMIUM, chromium
from tests.support.command import Desk
from tests.support.real_valkey import Valkey
from tests.support.served import at_home, served

TOKEN = "a token that is long enough"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "redis")
    yield server
    server.kill()


def asked(url: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, str(answer.read(), "utf-8")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, str(error.read(), "utf-8")


def refused_as(url: str) -> tuple[int, str]:
    status, text = asked(url)
    return status, json.loads(text)["code"]


def test_programs_are_told_that_the_store_is_away_until_it_is_back(tmp_path: Path, server: Valkey) -> None:
    desk = Desk.make(tmp_path)
    env = desk.env(TIANTING_STORE=server.url, TIANTING_TOKEN=TOKEN)
    serving = desk.start("serve", "--port", "0", env=env)
    link = re.search(r"http://127\.0\.0\.1:\d+", serving.stdout.readline())
    assert link
    assert asked(f"{link[0]}/readyz")[0] == 200
    assert "tianting_store_up 1.0" in asked(f"{link[0]}/metrics")[1]
    server.kill()
    serving.until_said("store unreachable: ")
    assert refused_as(f"{link[0]}/readyz") == (503, "store-away")
    assert refused_as(f"{link[0]}/api/v1/runs") == (503, "store-away")
    assert asked(f"{link[0]}/healthz")[0] == 200, "it is not this process that is ill"
    assert "tianting_store_up 0.0" in asked(f"{link[0]}/metrics")[1]
    server.start()
    serving.until_said("the store is back")
    assert asked(f"{link[0]}/readyz")[0] == 200
    assert asked(f"{link[0]}/api/v1/runs")[0] == 200
    assert "tianting_store_up 1.0" in asked(f"{link[0]}/metrics")[1]
    serving.signal()
    assert serving.end().code == 0


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here")
async def test_the_page_says_that_the_store_is_away_until_it_is_back(tmp_path: Path, server: Valkey) -> None:
    async with (
        served(tmp_path, {"README.md": "here\n"}, server.url) as (_, link),
        chromium() as browser,
        at_home(browser, link) as page,
    ):
        said = page.locator(".store-away", has_text="Store unreachable: the Redis at 127.0.0.1")
        await page.get_by_role("heading").first.wait_for()
        assert await said.count() == 0
        server.kill()
        await said.wait_for()
        server.start()
        await said.wait_for(state="detached")
