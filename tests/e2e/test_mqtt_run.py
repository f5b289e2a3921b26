"""A run that a real MQTT broker is told of: watched, killed, steered, and never held up."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestrator.cli.house import with_house
from orchestrator.compose import House
from orchestrator.settings import Misuse
from state.broker import BrokerRefuses, Message
from state.buses.mqtt_line import MqttBroker
from tests.house.tree import ROOT
from tests.support.broker import Mosquitto, mosquitto, password_file
from tests.support.ground import clean_env, make_repository, sh

PLAN = """
name: three
tasks:
  - {id: a, role: backend, run: "echo a > a.txt"}
  - {id: b, role: backend, needs: [a], run: "WAIT; echo b > b.txt"}
  - {id: c, role: docs, needs: [a], run: "echo c > c.txt"}
"""
WINDOWS = {"frontend-1", "backend-1", "backend-2", "testing-1", "docs-1"}
LONG = 100


@dataclass
class Ground:
    top: Path
    env: dict[str, str]
    gate: Path

    def args(self, *args: str) -> list[str]:
        return [str(Path(sys.executable).with_name("tianting")), *args, "--repo", str(self.top)]

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.args(*args), env=self.env, capture_output=True, text=True, timeout=LONG, check=False)

    @contextmanager
    def leading(self, *args: str) -> Iterator[subprocess.Popen[str]]:
        """A command that leads a run, ended with the block."""
        with subprocess.Popen(
            self.args(*args), env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as leader:
            try:
                yield leader
            finally:
                leader.kill()

    def open_gate(self) -> None:
        """Let task b go on."""
        with open(self.gate, "w", encoding="utf-8"):
            pass

    def newest(self) -> tuple[str, int]:
        """The newest run and the number of its events."""
        found = json.loads(self.run("runs", "--json").stdout)[0]
        return found["run"], found["seq"]

    def events(self) -> int:
        return self.newest()[1]


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    top = tmp_path / "repository"
    make_repository(top, {"README.md": "here\n"})
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    plan = PLAN.replace("WAIT", f"cat {gate}")
    (tmp_path / "plan.yaml").write_text(plan, encoding="utf-8")
    return Ground(top, clean_env(tmp_path), gate)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with mosquitto(folder) as begun:
        yield begun


@dataclass
class Listener:
    """What a device has heard: the last text of each topic, and the seq of each event in the order it came."""

    last: dict[str, dict[str, object]] = field(default_factory=dict)
    seqs: list[int] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, message: Message) -> None:
        kind = "/".join(message.topic.split("/")[2:])
        if kind in ("wake", "seq"):
            return
        told = {"raw": message.text} if kind.startswith("intents/") else json.loads(message.text)
        if kind == "events":
            self.seqs.append(int(told["seq"]))
        self.last[kind] = told
        self.changed.set()

    async def until(self, holds: Callable[["Listener"], bool]) -> None:
        async with asyncio.timeout(LONG):
            while not holds(self):
                self.changed.clear()
                await self.changed.wait()

    def windows(self) -> dict[str, bool]:
        told = {kind.partition("/")[2]: one for kind, one in self.last.items() if kind.startswith("windows/")}
        return {window: bool(one["online"]) for window, one in told.items()}

    def status(self) -> str:
        return str(self.last["run"].get("status"))

    def working(self, task: str) -> bool:
        return any(one.get("working") and one.get("task") == task for one in self.last.values())

    def all_offline(self) -> bool:
        return self.windows() == dict.fromkeys(WINDOWS, False) and not self.last["run"]["online"]

    def all_online(self) -> bool:
        return self.windows() == dict.fromkeys(WINDOWS, True) and bool(self.last.get("run", {}).get("online"))


@asynccontextmanager
async def listening(port: int, user: str | None = None, password: str | None = None) -> AsyncIterator[Listener]:
    """A device, which comes back when the broker does."""
    listener = Listener()
    at = MqttBroker("127.0.0.1", port, user, password)

    async def use(line):  # type: ignore[no-untyped-def]
        await line.hear("tianting/#")
        while True:
            listener.take(await line.heard())

    async with asyncio.TaskGroup() as group:
        task = group.create_task(at.keep(f"a device of {user}", use))
        try:
            yield listener
        finally:
            while not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=1.0)


def in_order(seqs: list[int]) -> list[int]:
    """What is left when those that came a second time, after a reconnect, are taken out."""
    seen: list[int] = []
    for seq in seqs:
        if not seen or seq > seen[-1]:
            seen.append(seq)
    return seen


async def done(ground: Ground, *args: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(ground.run, *args)


def plan(ground: Ground) -> str:
    return str(ground.top.parent / "plan.yaml")


async def test_a_device_hears_every_event_and_sees_each_window_come_work_and_go(
    ground: Ground, broker: Mosquitto
) -> None:
    async with listening(broker.port) as device, asyncio.TaskGroup() as group:
        running = group.create_task(done(ground, "run", plan(ground), "--no-dashboard", "--mqtt", broker.url))
        await device.until(lambda heard: heard.working("b") and heard.all_online())
        assert device.status() == "running"
        await asyncio.to_thread(ground.open_gate)
        assert (await running).returncode == 0
        await device.until(Listener.all_offline)
    assert device.seqs == list(range(1, ground.events() + 1))
    assert device.status() == "finished"
    assert device.last["windows/docs-1"]["attempts"] == 1
    async with listening(broker.port) as late:
        await late.until(lambda heard: "run" in heard.last and len(heard.windows()) == len(WINDOWS))
        assert late.all_offline(), "what was said last is kept for who comes later"


async def test_a_killed_run_is_offline_at_once_and_its_heir_goes_on_where_it_stopped(
    ground: Ground, broker: Mosquitto
) -> None:
    ground.env["TIANTING_MQTT"] = broker.url
    async with listening(broker.port) as device:
        with ground.leading("run", plan(ground), "--no-dashboard") as leader:
            await device.until(lambda heard: heard.working("b") and heard.all_online())
            leader.send_signal(signal.SIGKILL)
            await device.until(Listener.all_offline)
        assert device.last["windows/docs-1"] == {"online": False, "window": "docs-1"}
        ground.gate.unlink()
        ground.gate.write_text("", encoding="utf-8")
        resumed = await done(ground, "resume", "--no-dashboard")
        assert resumed.returncode == 0, resumed.stdout + resumed.stderr
        await device.until(lambda heard: heard.all_offline() and heard.last["run"].get("status") == "finished")
    assert in_order(device.seqs) == list(range(1, ground.events() + 1))


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
async def test_a_broker_that_stops_in_the_middle_holds_up_nothing(
    ground: Ground, broker: Mosquitto, how: signal.Signals
) -> None:
    async with listening(broker.port) as device, asyncio.TaskGroup() as group:
        running = group.create_task(done(ground, "run", plan(ground), "--no-dashboard", "--mqtt", broker.url))
        await device.until(lambda heard: heard.working("b"))
        broker.send(how)
        await asyncio.to_thread(ground.open_gate)
        ended = await running
        assert ended.returncode == 0, ended.stdout + ended.stderr
    assert sh(ground.top, "show", "main:b.txt") == "b\n"


async def test_a_broker_that_was_restarted_is_told_what_it_missed(ground: Ground, broker: Mosquitto) -> None:
    async with listening(broker.port) as device, asyncio.TaskGroup() as group:
        running = group.create_task(done(ground, "run", plan(ground), "--no-dashboard", "--mqtt", broker.url))
        await device.until(lambda heard: heard.working("b") and heard.all_online())
        broker.end()
        device.last.clear()
        broker.begin()
        # Nothing was retained: all there is to see was told anew.
        await device.until(lambda heard: "run" in heard.last and heard.all_online())
        await asyncio.to_thread(ground.open_gate)
        ended = await running
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "the broker is back" in ended.stdout
        await device.until(lambda heard: heard.last["run"].get("status") == "finished")
    assert in_order(device.seqs)[-1] == ground.events()


def test_a_run_whose_broker_is_not_there_says_so_once_and_lands(ground: Ground, tmp_path: Path) -> None:
    ground.gate.unlink()
    ground.gate.write_text("", encoding="utf-8")
    gone = Mosquitto(tmp_path)
    ended = ground.run("run", plan(ground), "--no-dashboard", "--mqtt", f"mqtt://me:secret@127.0.0.1:{gone.port}")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count(f"mqtt: the broker at 127.0.0.1:{gone.port} is away: Connection refused") == 1
    assert "secret" not in ended.stdout + ended.stderr


def guarded(folder: Path) -> list[str]:
    """The configuration that the documentation shows, with files of this test's."""
    page = (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
    config, acl = (
        re.search(r"```\n# mosquitto.conf\n(.*?)```", page, re.DOTALL),
        re.search(r"```acl\n(.*?)```", page, re.DOTALL),
    )
    assert config
    assert acl
    (folder / "acl").write_text(acl[1], encoding="utf-8")
    (folder / "acl").chmod(0o600)
    users = {"tianting": "a:b/c@d", "steering": "s", "watching": "w"}
    password_file(folder, users)
    return config[1].replace("/mosquitto/config", str(folder)).splitlines()


async def ask(port: int, user: str, password: str, message: Message) -> None:
    async with MqttBroker("127.0.0.1", port, user, password).line(f"{user} asks") as line:
        await line.tell([message])


async def test_only_who_may_steer_by_the_access_list_steers(ground: Ground, tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    with mosquitto(folder, *guarded(folder)) as broker:
        ground.env["TIANTING_MQTT"] = f"mqtt://tianting:a%3Ab%2Fc%40d@127.0.0.1:{broker.port}?intents=on"
        async with (
            listening(broker.port, "watching", "w") as device,
            listening(broker.port, "steering", "s") as steering,
            asyncio.TaskGroup() as group,
        ):
            running = group.create_task(done(ground, "run", plan(ground), "--no-dashboard"))
            await device.until(lambda heard: heard.working("b") and heard.all_online())
            asking = f"tianting/{ground.newest()[0]}/intents"
            topic = f"{asking}/steering"
            pause, go_on = '{"kind": "PauseRun"}', '{"kind": "ResumeRun"}'
            for user, password, name in (
                ("watching", "w", "watching"),
                ("watching", "w", "steering"),
                ("steering", "s", "eve"),
            ):
                with pytest.raises(BrokerRefuses):
                    await ask(broker.port, user, password, Message(f"{asking}/{name}", pause))
            for bad in ("no JSON", '{"kind": "LaunchRun", "run": "x", "plan": "", "source": ""}'):
                await ask(broker.port, "steering", "s", Message(topic, bad, correlation=b"17"))
                await device.until(lambda heard: "refused" in heard.last)
                assert device.last.pop("refused")["why"]
            assert device.last["run"]["status"] == "running", "who only watches has asked for nothing"
            await ask(broker.port, "steering", "s", Message(topic, pause))
            await device.until(lambda heard: heard.last["run"]["status"] == "paused")
            assert "intents/steering" in steering.last
            await ask(broker.port, "steering", "s", Message(topic, go_on))
            await device.until(lambda heard: heard.last["run"]["status"] == "running")
            await asyncio.to_thread(ground.open_gate)
            ended = await running
            assert ended.returncode == 0, ended.stdout + ended.stderr
            await device.until(Listener.all_offline)
    log = ground.run("log", "--json").stdout
    assert log.count('"IntentAccepted"') == 2
    assert set(re.findall(r'"by":"(.*?)"', log)) == {"mqtt:steering"}
    assert not [kind for kind in device.last if kind.startswith("intents")]
    assert device.seqs == list(range(1, ground.events() + 1))


async def test_a_retained_intent_is_refused(ground: Ground, tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    with mosquitto(folder, *guarded(folder)) as broker:
        at = f"mqtt://tianting:a%3Ab%2Fc%40d@127.0.0.1:{broker.port}"
        async with listening(broker.port, "watching", "w") as device:
            with ground.leading("run", plan(ground), "--no-dashboard", "--mqtt", at) as leader:
                await device.until(lambda heard: heard.working("b"))
                topic = f"tianting/{ground.newest()[0]}/intents/steering"
                await ask(broker.port, "steering", "s", Message(topic, '{"kind": "CancelRun"}', retain=True))
                leader.terminate()
                await device.until(Listener.all_offline)
            ground.gate.unlink()
            ground.gate.write_text("", encoding="utf-8")
            ended = await done(ground, "resume", "--no-dashboard", "--mqtt", f"{at}?intents=on")
            assert ended.returncode == 0, ended.stdout + ended.stderr
            await device.until(lambda heard: "refused" in heard.last)
            assert "retained" in str(device.last["refused"]["why"])


async def test_a_broker_that_does_not_let_us_write_is_noticed_and_told_all_when_it_does(
    ground: Ground, tmp_path: Path
) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    config = guarded(folder)
    right = (folder / "acl").read_text(encoding="utf-8")
    (folder / "acl").write_text(right.replace("topic write tianting/#", "topic write elsewhere/#"), encoding="utf-8")
    with mosquitto(folder, *config) as broker:
        ground.env["TIANTING_MQTT"] = f"mqtt://tianting:a%3Ab%2Fc%40d@127.0.0.1:{broker.port}"
        async with listening(broker.port, "watching", "w") as device:
            with ground.leading("run", plan(ground), "--no-dashboard") as leader:
                assert leader.stdout is not None
                for line in iter(leader.stdout.readline, ""):
                    if "mqtt: " in line:
                        break
                assert "refuses: it does not take what it is told (Not authorized)" in line
                assert device.seqs == []
                (folder / "acl").write_text(right, encoding="utf-8")
                broker.send(signal.SIGHUP)
                await device.until(lambda heard: heard.working("b") and heard.all_online())
                await asyncio.to_thread(ground.open_gate)
                rest = await asyncio.to_thread(leader.stdout.read)
                assert leader.wait(LONG) == 0, rest
                await device.until(lambda heard: heard.all_offline() and heard.status() == "finished")
    assert in_order(device.seqs) == list(range(1, ground.events() + 1))
    assert rest.count("mqtt: ") <= 1, "it is said once that it refuses, and once that it does no more"


def test_a_wrong_password_is_said_without_it(ground: Ground, tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    ground.gate.unlink()
    ground.gate.write_text("", encoding="utf-8")
    with mosquitto(folder, *guarded(folder)) as broker:
        ground.env["TIANTING_MQTT"] = f"mqtt://tianting:wr0ng@127.0.0.1:{broker.port}"
        ended = ground.run("--debug", "run", plan(ground), "--no-dashboard")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Not authorized" in ended.stdout
    assert "wr0ng" not in ended.stdout + ended.stderr


def test_certificates_that_are_not_there_are_refused_before_anything_begins(ground: Ground) -> None:
    ended = ground.run("run", plan(ground), "--no-dashboard", "--mqtt", "mqtts://:secret@h?ca=/no/such/file")
    assert ended.returncode == 2
    [sentence] = ended.stderr.splitlines()
    assert "/no/such/file" in sentence
    assert "secret" not in sentence
    assert ground.run("runs").stdout == ""


def test_a_missing_package_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, ground: Ground) -> None:
    monkeypatch.setitem(sys.modules, "aiomqtt", None)

    async def work(house: House) -> int:
        raise AssertionError(f"{house} was opened")

    with pytest.raises(Misuse, match=r"pip install 'tianting\[mqtt\]'"):
        with_house(ground.top, None, work, leading=True, mqtt="mqtt://127.0.0.1")


def test_nothing_of_mqtt_is_loaded_where_it_is_not_used(ground: Ground) -> None:
    look = "import sys; from orchestrator.cli.main import main"
    then = "try: main()\nfinally: assert not {'aiomqtt', 'paho'} & {*sys.modules}"
    subprocess.run(
        [sys.executable, "-P", "-c", f"{look}\n{then}", "runs", "--repo", str(ground.top)],
        env={**ground.env, "PYTHONPATH": str(ROOT), "TIANTING_MQTT": "mqtt://127.0.0.1:1"},
        check=True,
        timeout=LONG,
    )
