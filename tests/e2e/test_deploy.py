"""What docker-compose.yml mounts, loaded by the real programs; and the file itself, read by the real parser."""

import asyncio
import getpass
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from state.broker import BrokerRefuses, Message
from state.buses.mqtt_line import MqttBroker
from state.stores.redis_embedded import server_program
from state.stores.redis_link import RedisLink
from tests.house.tree import ROOT
from tests.support.broker import SBIN, answers, free_port
from tests.support.ground import clean_env, make_repository

DEPLOY = ROOT / "deploy"
LONG = 60
PLAN = "name: one\ntasks:\n  - {id: a, role: backend, run: 'echo a > a.txt'}\n"


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    """The compose file and what it mounts, with secrets made."""
    root = tmp_path / "deployed"
    shutil.copytree(DEPLOY, root / "deploy", ignore=shutil.ignore_patterns("secrets", "*.env", "__pycache__"))
    shutil.copy(ROOT / "docker-compose.yml", root)
    subprocess.run([root / "deploy" / "secrets.sh"], check=True, capture_output=True, timeout=LONG)
    return root


def compose(root: Path) -> dict[str, dict[str, dict[str, object]]]:
    found: dict[str, dict[str, dict[str, object]]] = YAML(typ="safe").load(root / "docker-compose.yml")
    return found


@contextmanager
def process(*args: str | Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A server, ended with the block."""
    with subprocess.Popen(
        [str(one) for one in args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
    ) as server:
        try:
            yield server
        finally:
            server.send_signal(signal.SIGKILL)


def test_the_compose_file_is_one_and_all_that_it_mounts_is_there(deployed: Path) -> None:
    done = subprocess.run(
        ["docker-compose", "config", "--quiet"], cwd=deployed, check=False, capture_output=True, text=True, timeout=LONG
    )
    assert done.returncode == 0, done.stderr
    found = compose(deployed)
    assert set(found["services"]) == {"tianting", "redis", "mosquitto", "prometheus", "grafana"}
    for service in found["services"].values():
        mounted = [str(one).split(":")[0] for one in service.get("volumes", ())]  # type: ignore[attr-defined]
        here = [path for path in mounted if path.startswith("./")]
        assert not [path for path in here if not (deployed / path).exists()]
        published = service.get("ports", [])
        assert isinstance(published, list)
        assert all(str(port).startswith("127.0.0.1:") for port in published), "nothing is open to other machines"
    assert all((deployed / str(one["file"])).exists() for one in found["secrets"].values())


def test_secrets_are_made_once_and_are_their_owners_alone(deployed: Path) -> None:
    folder = deployed / "deploy" / "secrets"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    subprocess.run([deployed / "deploy" / "secrets.sh"], check=True, capture_output=True, timeout=LONG)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len({*before.values()}) == len(before) == 4


async def test_a_redis_with_this_configuration_is_good_enough_for_the_ledger(deployed: Path, tmp_path: Path) -> None:
    port = free_port()
    config = deployed / "deploy/redis/redis.conf"
    text = config.read_text(encoding="utf-8").replace("/data", str(tmp_path))
    config.write_text(f"{text}\nport {port}\nbind 127.0.0.1\n", encoding="utf-8")
    program = server_program()
    assert program
    with process(program, config):
        async with asyncio.timeout(LONG):
            await answering(port)
            link = await RedisLink.open(f"redis://127.0.0.1:{port}/0", durable=True)
            found: object = await link.client.config_get("appendfsync")
            assert found == {b"appendfsync": b"always"} or found == {"appendfsync": "always"}
            await link.close()


async def answering(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        await writer.wait_closed()
        return


async def test_the_broker_lets_in_whom_its_access_list_names(deployed: Path, tmp_path: Path) -> None:
    config, data, port = deployed / "deploy/mosquitto", tmp_path / "data", free_port()
    data.mkdir()
    text = (config / "mosquitto.conf").read_text(encoding="utf-8")
    text = text.replace("listener 1883", f"listener {port} 127.0.0.1").replace("/mosquitto/data", str(data))
    text += f"user {getpass.getuser()}\n"  # pytest's folders are nobody else's
    (config / "mosquitto.conf").write_text(text, encoding="utf-8")
    secrets = deployed / "deploy/secrets"
    env = {"PATH": f"{os.environ['PATH']}:{SBIN}", "MQTT_USERS": str(secrets / "mqtt_users")}
    env |= {"MQTT_CONFIG": str(config), "MQTT_DATA": str(data)}
    users = dict(line.split(":") for line in (secrets / "mqtt_users").read_text(encoding="utf-8").split())
    assert (secrets / "mqtt_url").read_text(encoding="utf-8").startswith(f"mqtt://tianting:{users['tianting']}@")
    with process("/bin/sh", config / "start.sh", env=env) as server:
        answers(server, port)
        own, watching = (MqttBroker("127.0.0.1", port, user, users[user]) for user in ("tianting", "watching"))
        async with asyncio.timeout(LONG), own.line("own") as one, watching.line("watching") as other:
            await other.hear("tianting/+/windows/#")
            with pytest.raises(BrokerRefuses):
                await other.tell([Message("tianting/r/windows/w", "false")])
            await one.tell([Message("tianting/r/windows/w", "true", retain=True)])
            assert (await other.heard()).text == "true", "who watches tells nothing"
    assert users["steering"] not in (data / "passwords").read_text(encoding="utf-8")


def test_the_access_list_of_the_compose_file_is_the_one_in_the_documentation() -> None:
    page = (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
    shown = re.search(r"```acl\n(.*?)```", page, re.DOTALL)
    assert shown
    assert shown[1] == (DEPLOY / "mosquitto" / "acl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "check",
    [
        ("check", "config", "--syntax-only", "prometheus.yml"),
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts.test.yml"),
    ],
    ids=" ".join,
)
def test_prometheus_takes_its_configuration_and_its_alerts_fire_when_they_should(check: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["promtool", *check], cwd=DEPLOY / "prometheus", check=False, capture_output=True, text=True, timeout=LONG
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_test_and_a_line_in_the_documentation() -> None:
    [group] = YAML(typ="safe").load(DEPLOY / "prometheus" / "alerts.yml")["groups"]
    names = {rule["alert"] for rule in group["rules"]}
    tested = YAML(typ="safe").load(DEPLOY / "prometheus" / "alerts.test.yml")["tests"]
    assert {one["alertname"] for test in tested for one in test["alert_rule_test"] if one["exp_alerts"]} == names
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(Tianting\w+)`", page, re.MULTILINE)) == names


def dashboard() -> list[str]:
    """The expressions of the dashboard, for a range of time."""
    board = json.loads((DEPLOY / "grafana" / "dashboards" / "tianting.json").read_text(encoding="utf-8"))
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    sources = YAML(typ="safe").load(DEPLOY / "grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert {panel["datasource"]["uid"] for panel in panels if "datasource" in panel} == {sources[0]["uid"]}
    found = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    return [one.replace("$__rate_interval", "1m").replace("$__range", "1h") for one in found]


async def get(url: str, token: str = "", plan: str | None = None) -> str:
    body = None if plan is None else json.dumps({"plan": plan}).encode()
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    if token:
        asked.add_header("Authorization", f"Bearer {token}")

    def read() -> str:
        with urllib.request.urlopen(asked, timeout=LONG) as answer:
            return str(answer.read(), "utf-8")

    return await asyncio.to_thread(read)


async def test_prometheus_reads_a_real_server_and_answers_what_the_dashboard_asks(
    deployed: Path, tmp_path: Path
) -> None:
    top, port, token = tmp_path / "repository", free_port(), deployed / "deploy/secrets/token"
    make_repository(top, {"README.md": "here\n"})
    env = {**clean_env(tmp_path), "TIANTING_TOKEN_FILE": str(token)}
    serve: list[str | Path] = [Path(sys.executable).with_name("tianting"), "serve", "--repo", top, "--port", "0"]
    with process(*serve, env=env) as server:
        assert server.stdout is not None
        link = re.search(r"http://127.0.0.1:(\d+)", server.stdout.readline())
        assert link
        config = deployed / "deploy/prometheus/prometheus.yml"
        text = config.read_text(encoding="utf-8").replace("tianting:7357", f"127.0.0.1:{link[1]}")
        text = text.replace("/run/secrets/token", str(token)).replace(": 10s", ": 200ms")
        config.write_text(text, encoding="utf-8")
        at = f"http://127.0.0.1:{port}/api/v1"
        await get(f"{link[0]}/api/v1/runs", token.read_text(encoding="utf-8"), PLAN)
        options = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/tsdb"]
        with process("prometheus", *options, f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"):
            async with asyncio.timeout(LONG):
                await answering(port)
                while not await values(at, "sum(tianting_landings_total) == 1"):
                    await answering(port)
            told = await get(f"{link[0]}/metrics", token.read_text(encoding="utf-8"))
            metrics = set(re.findall(r"^# TYPE (\w+)", told, re.MULTILINE))
            for expression in dashboard():
                await values(at, expression)
                known = {one.removesuffix("_bucket") for one in re.findall(r"tianting_\w+", expression)}
                assert known <= metrics, f"no such metric in {expression}"
            async with asyncio.timeout(LONG):  # a busy machine may have missed the last scrape
                while not await values(at, 'up{job="tianting"} == 1'):
                    await answering(port)
            rules = json.loads(await get(f"{at}/rules"))["data"]["groups"][0]["rules"]
            assert {rule["health"] for rule in rules} <= {"ok", "unknown"}


async def values(at: str, expression: str) -> list[object]:
    """What Prometheus answers now; an error of the expression is an error here."""
    try:
        answer = json.loads(await get(f"{at}/query?query={urllib.parse.quote(expression)}"))
    except urllib.error.HTTPError as error:
        if error.code == 503:  # it is starting
            return []
        raise
    found: list[object] = answer["data"]["result"]
    return found
