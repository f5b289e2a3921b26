"""Two orchestrators fight over one run on one Redis, while everything is done to them: they are killed, paused beyond
their leases, the server is killed and comes back from its append-only file, connections are cut, swallowed, delayed,
and requests come twice. Then the weather clears, the run comes to its end, and the world is looked at.

`python -P fault_storm.py FOLDER SEED ROUNDS`. A process of its own, since it forks. A failing seed is printed, and run
again by `... SEED 1`.
"""

import asyncio
import contextlib
import json
import os
import random
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import orchestrator.cli.serve  # noqa: E402
import orchestrator.launcher  # noqa: E402
import orchestrator.serving  # noqa: E402, F401  # all of it before any fork
import state.buses.redis  # noqa: E402, F401
from orchestrator.compose import WallClock  # noqa: E402
from orchestrator.right import since_boot  # noqa: E402
from state import codec  # noqa: E402
from state import events as ev  # noqa: E402
from state.fold import replay  # noqa: E402
from state.ids import RunId, Seq, WindowId  # noqa: E402
from state.intents import LaunchRun  # noqa: E402
from state.leases.redis import RedisLease  # noqa: E402
from state.ports import Held, StoreError  # noqa: E402
from state.stores.redis import RedisStore  # noqa: E402
from state.stores.redis_link import RedisLink  # noqa: E402
from state.window_view import windows_json  # noqa: E402
from tests.support import killing  # noqa: E402
from tests.support.ground import assert_nothing_is_left, assert_sound, clean_env, make_repository, sh  # noqa: E402
from tests.support.proxy import ProxyProcess  # noqa: E402
from tests.support.real_valkey import Valkey  # noqa: E402

RUN = RunId(f"storm-{os.getpid()}")
"""Of this process alone: agents are found by the name of their run."""
TASKS = [f"t{number}" for number in range(8)]
LEASE = 1.0
PATIENCE = 90.0
"""Seconds in which the run must come to its end once the weather is fine."""
STORY: list[str] = []
"""What was done in this round."""
FAULTS = ("kill", "pause", "server", "cut", "away", "hole", "slow", "double")


@dataclass
class Ground:
    folder: Path
    dice: random.Random
    server: Valkey
    proxy: ProxyProcess
    crews: list[int] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    _serves: int = 0

    @property
    def top(self) -> Path:
        return self.folder / "repository"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def supervise(self) -> None:
        """Begin those anew that could not: a server that is away when it is first asked for is an error."""
        for at, pid in enumerate(self.crews):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                assert self.could_not_begin(pid, os.waitstatus_to_exitcode(status)), f"{pid} ended by itself: {status}"
                self.crews[at] = self.begin()

    def could_not_begin(self, pid: int, code: int) -> bool:
        said = (self.folder / f"said-{self.numbers[pid]}.txt").read_text(encoding="utf-8")
        return code == 1 and "can not be reached" in said

    def begin(self) -> int:
        """One more `tianting serve`, by way of the proxy; what it appends is noted beside its output."""
        self._serves += 1
        env = {**clean_env(self.home), "TIANTING_LEASE": str(LEASE), "TIANTING_STORE": self.proxy.url}
        args = ["serve", "--port", "0"]
        notes = self.folder / f"appended-{self._serves}.txt"
        pid = killing.start(args, self.top, env, self.folder / f"said-{self._serves}.txt", lambda: noting(notes))
        self.numbers[pid] = self._serves
        return pid


def noting(notes: Path) -> None:
    """In a forked process: note every append that was answered, with the token it was made under."""
    append = RedisStore.append_shown

    async def noted(
        self: RedisStore,
        run: RunId,
        events: Sequence[tuple[float, ev.Event]],
        expected: Seq,
        lease: Held,
        windows: Mapping[WindowId, str],
        *,
        whole: bool,
    ) -> Seq:
        last = await append(self, run, events, expected, lease, windows, whole=whole)
        with notes.open("a", encoding="utf-8") as file:
            texts = [codec.encode(event) for _, event in events]
            file.write(json.dumps([lease.token, expected, texts]) + "\n")
        return last

    RedisStore.append_shown = noted  # type: ignore[method-assign]


def plan_of(dice: random.Random) -> str:
    tasks: list[dict[str, object]] = []
    for at, name in enumerate(TASKS):
        needs = dice.sample(TASKS[:at], min(at, dice.randint(0, 2)))
        nap = dice.choice(["true", "sleep 0.1", "sleep 0.4"])
        change = f"{nap}; mkdir -p d && echo {name} > d/{name}.txt"
        tasks.append({"id": name, "role": dice.choice(["backend", "docs"]), "needs": needs, "run": change})
    defaults = {"retries": 20}
    return json.dumps({"tianting": 1, "name": "storm", "defaults": defaults, "tasks": tasks, "gate": GATE})


GATE = [{"name": "all", "run": "sleep 0.05"}]


def rest(seconds: float) -> None:
    """The random instants are what this is about."""
    select.select([], [], [], seconds)


# ------------------------------------------------------------------------------------------------- faults


def kill(ground: Ground) -> None:
    at = ground.dice.randrange(len(ground.crews))
    os.kill(ground.crews[at], signal.SIGKILL)
    os.waitpid(ground.crews[at], 0)
    rest(ground.dice.uniform(0.0, 0.5))
    ground.crews[at] = ground.begin()


def pause(ground: Ground) -> None:
    pid = ground.dice.choice(ground.crews)
    os.kill(pid, signal.SIGSTOP)
    rest(LEASE * ground.dice.uniform(0.5, 3.0))
    os.kill(pid, signal.SIGCONT)


def server(ground: Ground) -> None:
    ground.server.kill()
    rest(ground.dice.uniform(0.0, 1.5 * LEASE))
    ground.server.start()


def cut(ground: Ground) -> None:
    for _ in range(ground.dice.randint(1, 5)):
        ground.proxy.order("cut")
        rest(ground.dice.uniform(0.0, 0.1))


def away(ground: Ground) -> None:
    ground.proxy.order("away")
    rest(ground.dice.uniform(0.1, 2 * LEASE))
    ground.proxy.order("fine")


def hole(ground: Ground) -> None:
    ground.proxy.order("hole")
    rest(ground.dice.uniform(0.1, 2 * LEASE))
    ground.proxy.order("fine")


def slow(ground: Ground) -> None:
    ground.proxy.order("slow", round(ground.dice.uniform(0.005, 0.1), 3))
    rest(ground.dice.uniform(0.2, 1.0))
    ground.proxy.order("fine")


def double(ground: Ground) -> None:
    for _ in range(ground.dice.randint(1, 4)):
        ground.proxy.order("double", ground.dice.randint(1, 3), round(ground.dice.uniform(0.0, LEASE), 3))
        rest(ground.dice.uniform(0.05, 0.4))


DO: dict[str, Callable[[Ground], None]] = {
    "kill": kill,
    "pause": pause,
    "server": server,
    "cut": cut,
    "away": away,
    "hole": hole,
    "slow": slow,
    "double": double,
}


# -------------------------------------------------------------------------------------------------- a round


def one_round(folder: Path, seed: int) -> None:
    STORY.clear()
    shutil.rmtree(folder, ignore_errors=True)
    dice = random.Random(seed)
    (folder / "home").mkdir(parents=True)
    make_repository(folder / "repository", {"README.md": "here\n"})
    with contextlib.ExitStack() as owned:
        valkey = Valkey(folder / "redis")
        owned.callback(valkey.kill)
        proxy = ProxyProcess(valkey.port)
        owned.callback(proxy.close)
        ground = Ground(folder, dice, valkey, proxy)
        owned.callback(_kill_all, ground)
        _weather(ground)


def _weather(ground: Ground) -> None:
    asyncio.run(_ask(ground.server.url, plan_of(ground.dice)))
    ground.crews = [ground.begin(), ground.begin()]
    for _ in range(ground.dice.randint(3, 6)):
        rest(ground.dice.uniform(0.05, 0.8))
        ground.supervise()
        fault = ground.dice.choice(FAULTS)
        STORY.append(fault)
        DO[fault](ground)
        asyncio.run(_look_at_windows(ground.server.url))
    try:
        asyncio.run(_until_finished(ground))
    except TimeoutError:
        raise AssertionError("the run does not come to its end when the weather is fine") from None
    _end_all(ground)
    asyncio.run(_look(ground))


_BOTH = "return {redis.call('XLEN', KEYS[1]), redis.call('HGETALL', KEYS[2])}"


async def _assert_windows_are_the_fold(link: RedisLink) -> None:
    """What programs outside read of the windows, at the very instant at which the log stood there."""
    found = await link.call(_BOTH, [f"tianting:{RUN}:log", f"project:{RUN}:state"], [])
    assert isinstance(found, list)
    last, pairs = found
    assert isinstance(last, int)
    assert isinstance(pairs, list)
    texts = [str(one, "utf-8") for one in pairs if isinstance(one, bytes)]
    log = await RedisStore(link).read(RUN, Seq(0), last) if last else []
    up, fold = dict(zip(texts[::2], texts[1::2], strict=True)), windows_json(replay(log))
    assert up == fold, f"the windows are shown as {up} at event {last}, not as {fold}"


async def _look_at_windows(url: str) -> None:
    """Whoever was killed, paused or cut off in the middle of whatever."""
    link = await RedisLink.open(url)
    try:
        await _assert_windows_are_the_fold(link)
    finally:
        await link.close()


async def _ask(url: str, plan: str) -> None:
    link = await RedisLink.open(url)
    try:
        await RedisStore(link).submit(RUN, LaunchRun(RUN, plan, "a test"), "tester", time.time())
    finally:
        await link.close()


async def _until_finished(ground: Ground) -> None:
    link = await RedisLink.open(ground.server.url)
    try:
        store = RedisStore(link)
        async with asyncio.timeout(PATIENCE):
            while True:
                last = await store.last_seq(RUN)
                [*found] = await store.read(RUN, Seq(max(0, last - 1)), 1)
                ended = bool(found) and isinstance(found[0].event, ev.RunFinished)
                if ended and not [*ground.home.glob(f"tianting/*/{RUN}")]:
                    return  # whoever led it may have been killed before it had cleared away: then another does
                ground.supervise()
                await _assert_windows_are_the_fold(link)
                await asyncio.sleep(0.05)  # the weather is over: nothing is waited for that has a bell
    finally:
        await link.close()


def _end_all(ground: Ground) -> None:
    for pid in ground.crews:
        os.kill(pid, signal.SIGTERM)
    codes = {pid: killing.wait(pid) for pid in ground.crews}
    ground.crews = []
    just_begun = -signal.SIGTERM
    odd = [code for pid, code in codes.items() if code not in (0, just_begun) and not ground.could_not_begin(pid, code)]
    assert not odd, f"the orchestrators ended with {odd}"


def _kill_all(ground: Ground) -> None:
    for pid in ground.crews:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        killing.wait(pid)


async def _look(ground: Ground) -> None:
    link = await RedisLink.open(ground.server.url)
    try:
        await _assert_windows_are_the_fold(link)
        log = await RedisStore(link).read(RUN, Seq(0), 1_000_000)
        held = await RedisLease(link, WallClock()).held_by("")
    finally:
        await link.close()
    assert_sound(ground.top, log, held, TASKS)
    assert_nothing_is_left(ground.top, ground.home, RUN, overtaken=True)
    for name in TASKS:
        assert sh(ground.top, "show", f"main:d/{name}.txt") == f"{name}\n"
    _assert_no_event_is_lost_or_doubled(log)
    _assert_no_stale_holder_wrote(ground.folder, log)


def _assert_no_event_is_lost_or_doubled(log: Sequence[ev.Recorded]) -> None:
    for kind, key in (("PlanAccepted", "run"), ("AttemptDispatched", "attempt"), ("Landed", "task")):
        names = [getattr(one.event, key) for one in log if codec.name_of(one.event) == kind]
        assert len(names) == len(set(names)), f"{kind} is doubled: {names}"
    assert sum(isinstance(one.event, ev.RunFinished) for one in log) == 1, "it ended more than once"


def _assert_no_stale_holder_wrote(folder: Path, log: Sequence[ev.Recorded]) -> None:
    """Every append that was answered stands where it was made, and was made under the token of that time."""
    tokens: list[int] = []
    for one in log:
        newest = one.event.token if isinstance(one.event, ev.LeaseTaken) else tokens[-1] if tokens else 0
        assert not tokens or newest >= tokens[-1], "an older holder took the run"
        tokens.append(newest)
    known = 0
    for notes in sorted(folder.glob("appended-*.txt")):
        for line in notes.read_text(encoding="utf-8").splitlines():
            if not line.endswith("]]"):
                continue  # killed in the middle of the note
            token, before, texts = json.loads(line)
            stand = [codec.encode(one.event) for one in log[before : before + len(texts)]]
            assert stand == texts, f"an event is lost: {texts} after {before}"
            assert tokens[before + len(texts) - 1] == token, f"{notes.name} wrote {texts} as a stale holder"
            known += len(texts)
    assert known > len(log) / 2, f"only {known} of {len(log)} events were noted by who wrote them"


def main() -> int:
    folder, seed, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    killing.TIMEOUT = 600
    done: list[str] = []
    began = since_boot()
    for number in range(seed, seed + rounds):
        try:
            one_round(folder / "ground", number)
            done += STORY
        except (AssertionError, StoreError) as broken:
            print(f"seed {number}: {broken}; again: python -P tests/support/fault_storm.py FOLDER {number} 1")
            print(f"what was done: {', '.join(STORY)}")
            for said in sorted((folder / "ground").glob("said-*.txt")):
                print(f"--- {said.name}\n{said.read_text()[-3000:]}")
            return 1
    counts = {name: done.count(name) for name in FAULTS}
    print(f"{rounds} rounds in {since_boot() - began:.0f} s, faults: {counts}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
