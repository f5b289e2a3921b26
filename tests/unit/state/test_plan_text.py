"""What a plan's text may say, and where and how each fault in it is told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.ids import TaskId
from state.plan import (
    DEFAULT_WINDOWS,
    Defaults,
    GateSpec,
    Limits,
    Plan,
    RuntimeName,
    ScriptStep,
    StepKind,
    TaskSpec,
    WindowSpec,
)
from state.plan_text import PlanFault, parse_plan
from tests.unit.state.plans import HEAD, ONE_TASK, faults_of, only_fault, plan_of, task_of

WHOLE = """\
tianting: 1
name: bookshop
trunk: main
defaults: {runtime: command, timeout: 30m, retries: 3, startup: 5, idle: 2.5}
windows:
  frontend: {count: 3}
  docs:
  ops: {runtime: scripted, count: 2}
gate:
  - {name: tests, run: pytest -q, timeout: 10m}
  - run: make lint
gate_carry: true
limits: {windows: 5, gates: 3, wall: 1h30m}
setup: [make venv, make deps]
copy: .env
keep: data/**
tasks:
  - id: schema
    role: backend
    title: Create the order tables
    prompt: |
      Add the tables for orders,
      with a migration.
    needs: []
    touches: [shop/models/**, "*.md"]
    exclusive: migrations/**
    verify: [pytest -q tests/models]
    priority: -2
    estimate: 20m
    approve: true
    env: {DATABASE_URL: "sqlite:///{worktree}/dev.db", PORT: 8080}
    run: python make.py
    timeout: 1d
    retries: 0
  - id: search
    window: ops-2
    needs: schema
    adopt: feature/search
  - id: seed
    needs: [schema, search, schema]
    script:
      - say: hello
      - write: a b.py
        text: |
          x = 1
      - append: a.py
        text: ""
        attempt: 2
      - {replace: a.py, old: x, text: y}
      - {delete: a.py}
      - {run: make}
      - {wait: 0.5}
      - {wait: 2s}
      - {wait: 0}
      - {ask: May I?}
      - {commit: Add it}
      - {fail: no luck}
"""


def test_a_whole_plan_is_read() -> None:
    S, K = ScriptStep, StepKind
    steps = (
        S(K.SAY, "hello"),
        S(K.WRITE, "a b.py", "x = 1\n"),
        S(K.APPEND, "a.py", "", attempt=2),
        S(K.REPLACE, "a.py", "y", "x"),
        S(K.DELETE, "a.py"),
        S(K.RUN, "make"),
        S(K.WAIT, "0.5"),
        S(K.WAIT, "2"),
        S(K.WAIT, "0"),
        S(K.ASK, "May I?"),
        S(K.COMMIT, "Add it"),
        S(K.FAIL, "no luck"),
    )
    schema = TaskSpec(
        id=TaskId("schema"),
        role=DEFAULT_WINDOWS[1].role,
        title="Create the order tables",
        prompt="Add the tables for orders,\nwith a migration.\n",
        touches=("shop/models/**", "*.md"),
        exclusive=("migrations/**",),
        verify=("pytest -q tests/models",),
        priority=-2,
        estimate=1200.0,
        approve=True,
        env=(("DATABASE_URL", "sqlite:///{worktree}/dev.db"), ("PORT", "8080")),
        run="python make.py",
        timeout=86_400.0,
        retries=0,
    )
    search = TaskSpec(TaskId("search"), window="ops-2", needs=(schema.id,), adopt="feature/search")
    seed = TaskSpec(TaskId("seed"), needs=(schema.id, search.id), script=steps)
    plan = plan_of(WHOLE)
    assert plan.tasks == (schema, search, seed)
    assert plan.windows == (
        WindowSpec(DEFAULT_WINDOWS[0].role, 3),
        *DEFAULT_WINDOWS[1:],
        WindowSpec(plan.windows[4].role, 2, RuntimeName.SCRIPTED),
    )
    assert plan.windows[4].role == "ops"
    assert plan.defaults == Defaults(RuntimeName.COMMAND, 1800.0, 5.0, 2.5, 3)
    assert plan.gate == (GateSpec("tests", "pytest -q", 600.0), GateSpec("make lint", "make lint"))
    assert plan.limits == Limits(5, 3, 5400.0)
    assert (plan.name, plan.trunk, plan.gate_carry) == ("bookshop", "main", True)
    assert (plan.setup, plan.copy, plan.keep) == (("make venv", "make deps"), (".env",), ("data/**",))


def test_a_plan_needs_little_and_is_called_as_its_file() -> None:
    found = parse_plan(ONE_TASK, "some/where/shop.v2.yaml")
    assert found == Plan("shop.v2", (TaskSpec(TaskId("a"), run="make"),))


@pytest.mark.parametrize("lines", ["    run: make", "    runtime: command\n    run: make"])
def test_a_byte_order_mark_and_other_line_ends_are_no_fault(lines: str) -> None:
    text = f"\ufeff{HEAD}tasks:\n  - id: a\n{lines}\n"
    assert plan_of(text) == plan_of(text.replace("\n", "\r\n")) == plan_of(text.removeprefix("\ufeff"))


def test_anchors_and_aliases_are_read() -> None:
    plan = plan_of(
        f"{HEAD}tasks:\n  - {{id: a, run: &r make all, verify: &v [x, y]}}\n  - {{id: b, run: *r, verify: *v}}\n"
    )
    assert plan.tasks[1] == TaskSpec(TaskId("b"), run="make all", verify=("x", "y"))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("90s", 90), ("30m", 1800), ("4h", 14400), ("1h30m", 5400), ("1d2h3m4.5s", 93784.5), ("45", 45), ("0.25", 0.25)],
)
def test_durations_are_read(said: str, seconds: float) -> None:
    assert task_of(f"    run: make\n    timeout: {said}\n").timeout == seconds


@pytest.mark.parametrize(
    "said",
    ["0", "-1", "'30'", "5x", "m", "1m1h", "''", "0s", "true", "[1]", "1e400", ".inf", "400d", "١m"],
)
def test_what_is_no_duration_is_refused(said: str) -> None:
    line, column, message = only_fault(f"{HEAD}tasks:\n  - id: a\n    run: make\n    timeout: {said}\n")
    assert (line, column) == (6, 14)
    assert "`timeout` must be a duration above 0" in message


def plan(lines: str) -> str:
    return f"{lines}\n{ONE_TASK}"


def task(keys: str) -> str:
    return f"tasks: [{{id: a, run: x, {keys}}}]\n"


def step(step: str) -> str:
    return f"tasks: [{{id: a, script: [{step}]}}]\n"


# A name, the plan with a ^ at the fault's place, and what the message says of it.
FAULTS = {
    "unknown key": (
        "tasks:\n  - {id: a, run: make}\n^tassk: 1\n",
        "'tassk' is no key of the plan; did you mean 'tasks'?",
    ),
    "unknown key far from all": ("tasks:\n  - {id: a, run: make}\n^zzz: 1\n", "there is copy, defaults, gate"),
    "unknown key of a task": ("tasks:\n  - {id: a, run: x, ^neds: []}\n", "did you mean 'needs'?"),
    "unknown key of defaults": (plan("defaults: {^time: 3}"), "is no key of `defaults`; did you mean"),
    "unknown key of a window": (plan("windows: {docs: {^cont: 3}}"), "did you mean 'count'?"),
    "unknown key of a gate": (plan("gate: [{run: x, ^nam: y}]"), "did you mean 'name'?"),
    "merge key": ("tasks:\n  - {id: a, run: x, ^<<: {}}\n", "'<<' is no key"),
    "network": (plan("network: ^on"), "`network` is one of open, model, off, not 'on'"),
    "network of a task": ("tasks:\n  - {id: a, run: x, ^network: x}\n", "'network' is no key of a task"),
    "MCP server that is neither": (plan("mcp: {x: ^{}}"), "needs either `command`, its program, or `url`, its address"),
    "MCP server that is both": (plan("mcp: {x: ^{command: a, url: 'http://b'}}"), "needs either `command`"),
    "address of an MCP server": (plan("mcp: {x: {url: ^b}}"), "must be an address that begins with http://"),
    "variables of an address": (plan("mcp: {x: {url: 'http://b', env: ^{A: b}}}"), "says nothing to a server that is"),
    "token of a program": (plan("mcp: {x: {command: b, bearer: ^A}}"), "`bearer` says nothing to a server that is"),
    "name of an MCP server": (plan("mcp: {^'a b': {command: b}}"), "must be 1 to 32 letters, digits, '_' or '-'"),
    "roles of an MCP server": (plan("mcp: {x: {command: b, roles: ^bakend}}"), "did you mean 'backend'?"),
    "own MCP server with a program": (plan("mcp: {tianting: {^command: b}}"), "'command' is no key of the MCP server"),
    "MCP server that is nothing": (plan("mcp: {^x: }"), "the MCP server 'x' must be a mapping"),
    "migrations without a command": (plan("migrations: ^{}"), "`migrations` needs `run`"),
    "a database that nothing can print": (plan("migrations: {run: x, database: ^y}"), "`dump` must say how"),
    "unknown key of migrations": (plan("migrations: {run: x, ^dmp: y}"), "did you mean 'dump'?"),
    "a glob to regenerate that is none": (plan("regenerate: {^/x: make}"), "must be relative to the repository"),
    "a command to regenerate that is none": (plan("regenerate: {x: ^[]}"), "must be text"),
    "money": (plan("limits: {usd: ^0}"), "`usd` must be an amount above 0, not 0"),
    "tokens": (plan("limits: {tokens: ^1.5}"), "`tokens` must be a whole number from 1"),
    "budget of a task": ("tasks:\n  - {id: a, run: x, budget: {^dollars: 1}}\n", "is no key of `budget`"),
    "budget of a window": (plan("windows: {docs: {budget: {turns: ^-1}}}"), "`turns` must be a whole number"),
    "permission": (plan("permissions: {deny: [^'a b']}"), "must be a tool's name, or NAME(WHAT)"),
    "usual permission": (plan("permissions: {usual: ^maybe}"), "`usual` is one of allow, deny, ask, not 'maybe'"),
    "window named like the worktrees of the gate": (plan("windows: {^gate: {count: 1}}"), "is taken by the worktrees"),
    "agent without a prompt": ("tasks:\n  - ^{id: a, runtime: claude}\n", "needs `prompt`, what it is asked to do"),
    "agents of all roles": (
        "windows: {docs: {runtime: claude}, backend: {runtime: scripted}}\ntasks:\n  - ^{id: a, title: x}\n",
        "is for an agent, which needs `prompt`",
    ),
    "run for an agent": ("tasks:\n  - {id: a, run: x, runtime: ^claude}\n", "`run` is for the runtime command, not"),
    "name of a variable": (plan("defaults: {inherit: [^A-B]}"), "can not name an environment variable"),
    "variable of a window": (plan("windows: {docs: {env: {^A-B: x}}}"), "can not name an environment variable"),
    "model": (plan("defaults: {model: ^3}"), "`model` must be text, not 3"),
    "unknown runtime of a window": (plan("windows: {docs: {runtime: ^acq}}"), "did you mean 'acp'?"),
    "unknown runtime of a task": ("tasks:\n  - {id: a, runtime: ^codec, run: x}\n", "did you mean 'codex'?"),
    "unknown runtime": (plan("defaults: {runtime: ^comand}"), "did you mean 'command'?"),
    "key twice": (plan("trunk: main\n^trunk: next"), "the key 'trunk' stands here a second time"),
    "version": (plan("^tianting2: 1"), "did you mean 'tianting'?"),
    "trunk": (plan("trunk: ^a..b"), "`trunk` is no name that git takes for a branch"),
    "trunk with a space": (plan("trunk: ^a b"), "is no name that git"),
    "trunk that ends as a lock": (plan("trunk: ^a.lock/b"), "is no name that git"),
    "defaults of another type": (plan("defaults: ^3"), "`defaults` must be a mapping of keys to values, not 3"),
    "windows of another type": (plan("windows: ^[docs]"), "`windows` must be a mapping of roles, not a list"),
    "a window of another type": (plan("windows: {docs: ^2}"), "must be a mapping of keys to values, not 2"),
    "role name": (plan("windows: {^'a b': {}}"), "the role 'a b' must be 1 to 64 letters"),
    "count": (plan("windows: {docs: {count: ^0}}"), "`count` must be a whole number from 1 to 1000, not 0"),
    "count as a truth": (plan("windows: {docs: {count: ^true}}"), "not true"),
    "count not written as a number": (plan("limits: {gates: ^010}"), "not '010'"),
    "retries": (plan("defaults: {retries: ^1.5}"), "must be a whole number from 0 to 100, not 1.5"),
    "gate of another type": (plan("gate: ^pytest"), "`gate` must be a list, not 'pytest'"),
    "gate without a command": (plan("gate: [^{name: x}]"), "needs `run`, the command to run"),
    "gate that is no mapping": (plan("gate: [^x]"), "a check of the gate must be a mapping"),
    "gate with an empty command": (plan("gate: [{run: ^' '}]"), "`run` is empty"),
    "two gates of a name": (plan("gate: [{run: x}, ^{name: x, run: y}]"), "a second check of the gate is called 'x'"),
    "gate_carry": (plan("gate_carry: ^sure"), "must be true or false, not 'sure'"),
    "wall": (plan("limits: {wall: ^soon}"), "`wall` must be a duration"),
    "setup": (plan("setup: ^{a: b}"), "must be a text or a list of texts, not a mapping"),
    "copy outside": (plan("copy: [.env, ^../x]"), "'../x' in `copy` must not hold the parts . or .."),
    "keep": (plan("keep: ^/tmp"), "`keep` must be relative to the repository"),
    "empty tasks": ("tasks: ^[]\n", "a plan needs at least one task"),
    "tasks of nothing": ("^tasks:\n", "`tasks` must be a list, not nothing"),
    "tasks of another type": (
        "tasks: ^{a: {run: x}}\n",
        "`tasks` must be a list, not a mapping: begin each item with '- '",
    ),
    "task of another type": ("tasks: [^a]\n", "a task must be a mapping of keys to values, not 'a'"),
    "no id": ("tasks:\n  - ^run: x\n", "a task needs an `id`"),
    "id with a slash": ("tasks: [{id: ^a/b, run: x}]\n", "`id` must be 1 to 64 letters"),
    "id with dots": ("tasks: [{id: ^a..b, run: x}]\n", "must not hold '..'"),
    "id as a lock": ("tasks: [{id: ^a.lock, run: x}]\n", "or end in '.' or '.lock'"),
    "id with a dot at the end": ("tasks: [{id: ^a., run: x}]\n", "or end in '.' or '.lock'"),
    "id of a number": ("tasks: [{id: ^7, run: x}]\n", "`id` must be text, not 7: put it in quotes"),
    "id too long": (
        "tasks: [{id: ^aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, run: x}]\n",
        "must be 1 to 64",
    ),
    "id twice": ("tasks: [{id: a, run: x}, {id: ^a, run: x}]\n", "another task is called 'a' already"),
    "unknown need": (
        "tasks:\n  - {id: anna, run: x}\n  - {id: b, run: x, needs: [anna, ^ana]}\n",
        "'b' needs 'ana', which is no task; did you mean 'anna'?",
    ),
    "unknown need alone": (task("needs: ^q"), "'a' needs 'q', which is no task; there is a"),
    "need of itself": (task("needs: ^[a]"), "in a circle, a -> a: take one"),
    "needs of numbers": (task("needs: [^1]"), "an item of `needs` must be text, not 1: put it in quotes"),
    "needs of nothing": (task("^needs: "), "must be a text or a list of texts, not nothing"),
    "unknown role": (task("role: ^bakend"), "no window has the role 'bakend'; did you mean 'backend'?"),
    "role that is no name": (task("role: ^'a b'"), "`role` must be 1 to 64"),
    "unknown window": (task("window: ^docs-2"), "there is no window 'docs-2'; did you mean 'docs-1'?"),
    "window with a padded number": (task("window: ^docs-01"), "there is no window 'docs-01'"),
    "window of another role": (task("role: docs, window: ^testing-1"), "is not of the role 'docs'"),
    "title": (task("title: ^[b]"), "`title` must be text, not a list"),
    "prompt of nothing": (task("^prompt: "), "`prompt` must be text, not nothing"),
    "prompt with a NUL": (task('prompt: ^"a\\0b"'), "a character that no file can hold"),
    "glob": (task("touches: [ok, ^'a**']"), "'a**' in `touches` may use ** only as a whole part"),
    "glob alone": (task("exclusive: ^/etc"), "`exclusive` must be relative to the repository"),
    "verify": (task("verify: [^true]"), "an item of `verify` must be text, not true: put it in quotes"),
    "empty verify": (task("verify: [^'']"), "'' in `verify` is empty"),
    "priority": (task("priority: ^high"), "must be a whole number from -1000000 to 1000000, not 'high'"),
    "approve": (task("approve: ^'yes'"), "must be true or false, not 'yes'"),
    "env": (task("env: ^[A]"), "`env` must be a mapping of names to values, not a list"),
    "env of a truth": (task("env: {A: ^true}"), "the value of A must be text, not true: put it in quotes"),
    "env of a list": (task("env: {A: ^[]}"), "the value of A must be text, not a list"),
    "env name": (task("env: {^A-B: x}"), "'A-B' can not name an environment variable"),
    "two works": ("tasks:\n  - ^{id: a, run: x, adopt: b}\n", "one of run, script and adopt, not run and adopt"),
    "no work": ("tasks:\n  - ^{id: a}\n", "nothing says what carries out task 'a': give it `run`, `script` or `adopt`"),
    "no run": ("tasks:\n  - ^{id: a, runtime: command}\n", "is for the runtime command, which needs `run`"),
    "no script": (
        "defaults: {runtime: scripted}\ntasks:\n  - ^{id: a}\n",
        "the runtime scripted, which needs `script`",
    ),
    "no run for its windows": (
        "windows: {docs: {runtime: command}}\ntasks:\n  - ^{id: a, role: docs}\n",
        "needs `run`",
    ),
    "run for scripted": (task("runtime: ^scripted"), "`run` is for the runtime command, not scripted"),
    "script for command": (
        "tasks: [{id: a, runtime: ^command, script: [{say: x}]}]\n",
        "`script` is for the runtime scripted",
    ),
    "adopt with a runtime": (
        "tasks: [{id: a, runtime: ^command, adopt: x}]\n",
        "a task that adopts a branch runs nothing",
    ),
    "adopt of an option": ("tasks: [{id: a, adopt: ^--all}]\n", "must be the name of a branch, a tag or a commit"),
    "run of a truth": ("tasks: [{id: a, run: ^true}]\n", "`run` must be text, not true: put it in quotes"),
    "script of another type": ("tasks: [{id: a, script: ^x}]\n", "`script` must be a list, not 'x'"),
    "script of no step": ("tasks: [{id: a, script: ^[]}]\n", "`script` has no step"),
    "step of another type": (step("^x"), "a step must be a mapping"),
    "step of nothing": (step("^{}"), "a step does one thing, one of say, write"),
    "step of two things": (step("^{say: x, run: y}"), "this one has say and run"),
    "unknown step": (step("{say: x, ^shout: y}"), "'shout' is no key of a step"),
    "write without text": (step("^{write: x}"), "`write` needs `text`"),
    "replace without old": (step("^{replace: x, text: y}"), "`replace` needs `old`"),
    "replace of nothing": (step("{replace: x, text: y, old: ^''}"), "`old` is empty"),
    "say with text": (step("{say: x, ^text: y}"), "`say` takes no `text`"),
    "write outside": (step("{write: ^../x, text: y}"), "must be a path inside the repository"),
    "write into git": (step("{write: ^.git/x, text: y}"), "must not be in .git"),
    "wait": (step("{wait: ^long}"), "`wait` must be a number of seconds"),
    "attempt": (step("{say: x, attempt: ^0}"), "`attempt` must be a whole number from 1"),
    "tag": (plan("trunk: ^!!python/object:os.system x"), "the tag"),
    "own tag": (plan("trunk: ^!mine x"), "the tag '!mine' means nothing in a plan"),
    "tag of a list": (plan("setup: ^!mine [x]"), "the tag '!mine' means nothing"),
    "key that is a list": (plan("? ^[a]\n: b"), "a key must be a text"),
    "alias into itself": (plan("setup: ^&a [*a]"), "means the very thing it stands in"),
    "tab": ("tasks:\n^\t- id: a\n", "indent with spaces, not with tabs"),
    "colon": (plan("trunk: a^: b"), "put a text that holds ': ' in quotes"),
    "at sign": (plan("trunk: ^@x"), "put a text that holds @ in quotes"),
    "not closed": ("setup: [a\ntasks^:\n  - {id: a, run: make}\n", "this is not YAML"),
    "unknown alias": (plan("trunk: ^*x"), "this is not YAML"),
    "second document": ("tasks:\n  - {id: a, run: make}\n^---\na: 1\n", "a plan is one document"),
    "control character": (plan("trunk: ma^\bin"), "the character U+0008 may not stand in YAML"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_at_its_place(name: str) -> None:
    marked, said = FAULTS[name]
    before, after = f"{HEAD}{marked}".split("^")
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    found = faults_of(before + after)
    assert any(place == fault[:2] and said in fault[2] for fault in found), (place, found)


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_is_told_once(name: str) -> None:
    # What stands in place of a value that could not be made is no text either.
    follow = {"alias into itself": 2, "tag of a list": 2}
    assert len(faults_of(HEAD + FAULTS[name][0].replace("^", ""))) == follow.get(name, 1)


def test_a_plan_without_tasks_is_refused() -> None:
    assert only_fault("name: p\n") == (1, 1, "a plan needs at least one task: list it under `tasks`")


@pytest.mark.parametrize("version", ["2", "0", "'1'", "true", "[1]"])
def test_another_version_of_the_format_is_refused(version: str) -> None:
    line, column, message = only_fault(f"tianting: {version}\n{ONE_TASK}")
    assert (line, column) == (1, 11)
    assert "must be 1, not" in message


def test_a_name_is_one_line() -> None:
    assert "one line" in only_fault('name: "a\\nb"\n' + ONE_TASK)[2]


@pytest.mark.parametrize("text", ["", "\n# only a remark\n", "---\n", "null\n"])
def test_an_empty_plan_is_said_to_be_empty(text: str) -> None:
    assert only_fault(text) == (1, 1, "the plan is empty: it needs at least `tasks`")


@pytest.mark.parametrize(("text", "kind"), [("- a\n", "a list"), ("hello\n", "'hello'"), ("3", "3")])
def test_a_plan_that_is_no_mapping_is_refused(text: str, kind: str) -> None:
    assert only_fault(text) == (1, 1, f"the plan must be a mapping of keys to values, not {kind}")


def test_every_fault_is_told_at_once_in_the_order_of_the_text() -> None:
    text = (
        "tianting: 3\nnam: x\ndefaults: {runtime: codec, timeout: soon}\nwindows: {docs: {count: -1}}\n"
        "tasks:\n"
        "  - {id: a, run: x, needs: [b, c], touches: [../x]}\n"
        "  - {id: b, run: x, needs: [a], adopt: y}\n"
        "  - {id: b, script: [{write: /x}], network: 1}\n"
        "  - {id: d}\n"
    )
    found = faults_of(text)
    assert [fault[:2] for fault in found] == sorted(fault[:2] for fault in found)
    assert [fault[0] for fault in found] == [1, 2, 3, 3, 4, 6, 6, 6, 7, 8, 8, 8, 8]


def test_a_task_is_not_blamed_for_a_runtime_that_could_not_be_read() -> None:
    found = faults_of("defaults: {runtime: codec}\ntasks: [{id: a, prompt: x}, {id: b, runtime: acq}]\n")
    assert [fault[1] for fault in found] == [21, 46]


def test_a_task_is_blamed_when_its_own_runtime_is_known() -> None:
    found = faults_of("windows: {docs: {runtime: codec}}\ntasks: [{id: a, runtime: command}]\n")
    assert [fault[0] for fault in found] == [1, 2]


def test_each_circle_is_named_once_from_its_first_task() -> None:
    needs = {"a": "[z]", "z": "[]", "c": "[d]", "d": "[e, a]", "e": "[f, c]", "f": "[f]"}
    tasks = "".join(f"  - {{id: {name}, run: x, needs: {said}}}\n" for name, said in needs.items())
    found = faults_of(f"tasks:\n{tasks}")
    assert [(line, message) for line, _, message in found] == [
        (4, "these tasks need each other in a circle, c -> d -> e -> c: take one of the needs away"),
        (7, "these tasks need each other in a circle, f -> f: take one of the needs away"),
    ]


def test_a_circle_reached_only_through_other_tasks_is_found() -> None:
    found = faults_of(
        "tasks:\n  - {id: a, run: x, needs: b}\n  - {id: b, run: x, needs: c}\n  - {id: c, run: x, needs: b}\n"
    )
    assert found == [(3, 28, "these tasks need each other in a circle, b -> c -> b: take one of the needs away")]


def as_json(count: int, needs: int) -> str:
    """A chain of tasks, each of which needs the one `needs` places on."""
    tasks = [
        {"id": f"t{n}", "run": "x", "needs": [f"t{n + needs}"] if 0 <= n + needs < count else []} for n in range(count)
    ]
    return json.dumps({"tianting": 1, "tasks": tasks})


def test_a_chain_of_many_tasks_is_no_circle() -> None:
    plan = plan_of(as_json(20_000, needs=1))
    assert len(plan.tasks) == 20_000


def test_a_circle_of_many_tasks_is_named_in_short() -> None:
    text = as_json(20_000, needs=1).replace('"needs": []', '"needs": ["t0"]')
    line, _, message = only_fault(text)
    assert line == 1
    assert "(20000 of them), t0 -> t1 -> t2" in message
    assert message.endswith("… -> t0: take one of the needs away")


def test_many_unknown_names_do_not_take_for_ever() -> None:
    tasks = [{"id": f"task-{n}", "run": "x", "needs": [f"tusk-{n}"]} for n in range(3_000)]
    found = faults_of(json.dumps({"tasks": tasks}))
    assert len(found) == 3_000
    assert "did you mean" in found[0][2]


def test_places_in_json_are_those_of_the_text() -> None:
    text = '{\n\t"name": "p \\" {",\n  "tasks": [\n    {"id": "a", "run": "x", "needs": [\n       "b"]}, {"run": 1}\n'
    text += '  ],\n "x": {}\n}\n'
    assert [fault[:2] for fault in faults_of(text)] == [(5, 8), (5, 15), (5, 23), (7, 2)]


def test_a_key_twice_in_json_is_refused() -> None:
    text = '{"tasks": [{"id": "a", "run": "x",\n "run": "y"}], "name": "a", "name": "b"}'
    found = faults_of(text)
    assert [(line, column) for line, column, _ in found] == [(2, 2), (2, 29)]
    assert "the key 'run' stands here a second time" in found[0][2]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('{"a": 1,}', (1, 9), "this is not JSON"),
        ('{"a": \n x}', (2, 2), "this is not JSON"),
        ('{"a": Infinity}', (1, 1), "Infinity is no number of JSON"),
        ("{" * 3, (1, 2), "this is not JSON"),
        ('{"a":' + "[" * 100_000, (1, 1), "nested too deep"),
    ],
)
def test_what_is_no_json_is_told_where_the_file_says_it_is(text: str, place: tuple[int, int], said: str) -> None:
    found = parse_plan(text, "plan.JSON")
    assert isinstance(found, tuple)
    assert [(fault.line, fault.column) for fault in found] == [place]
    assert said in found[0].message


def test_flow_style_yaml_is_not_taken_for_broken_json() -> None:
    assert plan_of("{tasks: [{id: a, run: make}],}").tasks == (TaskSpec(TaskId("a"), run="make"),)


def test_half_a_letter_in_json_is_refused_and_a_whole_one_is_read() -> None:
    assert plan_of('{"tasks": [{"id": "a", "run": "\\ud83d\\ude00"}]}').tasks[0].run == "😀"
    assert plan_of('tasks: [{id: a, run: "\\ud83d\\ude00"}]').tasks[0].run == "😀"
    assert "half of one" in only_fault('{"tasks": [{"id": "a", "run": "\\ud83d"}]}')[2]
    assert "half of one" in only_fault('tasks: [{id: a, run: "\\ude00"}]')[2]


def test_a_number_too_large_to_be_one_is_refused() -> None:
    digits = "9" * 5_000
    assert "must be a whole number" in only_fault(f"limits: {{gates: {digits}}}\n{ONE_TASK}")[2]
    text = f'{{"limits": {{"gates": {digits}}}, "tasks": [{{"id": "a", "run": "x"}}]}}'
    assert "must be a whole number" in only_fault(text)[2]


def test_a_text_nested_too_deep_is_refused() -> None:
    for text in ("[" * 500, "a: " + "[" * 45 + "]" * 45, "{a: " * 5_000):
        assert len(faults_of(text)) == 1


def test_aliases_that_blow_a_text_up_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "the aliases in this text repeat too much" in only_fault("\n".join(lines) + "\n" + ONE_TASK)[2]


def test_an_escape_beyond_all_letters_is_refused() -> None:
    for escape in ("\\UFFFFFFFF", "\\U00110000"):
        assert "this is not YAML that can be read" in only_fault(f'name: "{escape}"\n{ONE_TASK}')[2]


def test_an_anchor_may_be_used_again() -> None:
    plan = plan_of(f"{HEAD}tasks:\n  - {{id: a, run: &r x}}\n  - {{id: b, run: &r y}}\n  - {{id: c, run: *r}}\n")
    assert [task.run for task in plan.tasks] == ["x", "y", "y"]


def test_an_empty_mapping_is_a_plan_without_tasks() -> None:
    assert "at least one task" in only_fault("{}")[2]


def test_a_fault_reads_as_a_compiler_would_write_it() -> None:
    assert str(PlanFault("plan.yaml", 3, 7, "is odd")) == "plan.yaml:3:7: is odd"


CUTS = st.integers(0, len(WHOLE))
BITS = st.sampled_from(
    [*"[]{}:,-#&*!|>'\"%@`?~\t\n \r\0\x85\u2028\ufeff0x^", ": ", "- ", "<<", "---\n", "...", "null", "é"]
)


@given(CUTS, CUTS, BITS)
def test_no_damage_to_a_text_is_more_than_faults_with_places(start: int, end: int, bit: str) -> None:
    text = WHOLE[:start] + bit + WHOLE[end:] if end - start < 40 else WHOLE[:start] + bit + WHOLE[start:]
    found = parse_plan(text, "plan.yaml")
    if isinstance(found, Plan):
        return
    # YAML ends a line at these too.
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").splitlines() or [""]
    for fault in found:
        assert 1 <= fault.line <= len(lines) + 1
        assert fault.column >= 1
        assert "\n" not in fault.message


def test_a_window_may_be_one_of_a_pool_or_the_pool_itself() -> None:
    for name in ("backend-2", "backend"):
        found = parse_plan(f"name: p\ntasks:\n  - {{id: a, window: {name}, run: x}}\n", "p.yaml")
        assert isinstance(found, Plan)
        assert found.tasks[0].window == name
