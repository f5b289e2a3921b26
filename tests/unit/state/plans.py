"""Plans for the tests of the plan's text: what a fault looks like, and Hypothesis strategies of whole plans."""

from hypothesis import strategies as st

from state.ids import BranchName, RoleName, TaskId
from state.plan import (
    AGENTS,
    DEFAULT_WINDOWS,
    OWN_SERVER,
    Budget,
    Defaults,
    GateSpec,
    Limits,
    McpServer,
    MigrationSpec,
    Network,
    Permissions,
    Plan,
    RuntimeName,
    ScriptStep,
    StepKind,
    TaskSpec,
    WindowSpec,
)
from state.plan_text import parse_plan

HEAD = "tianting: 1\nname: p\n"
ONE_TASK = "tasks:\n  - {id: a, run: make}\n"


def faults_of(text: str) -> list[tuple[int, int, str]]:
    found = parse_plan(text, "plan.yaml")
    assert isinstance(found, tuple), "the plan is sound"
    assert found
    assert all(fault.source == "plan.yaml" and "\n" not in fault.message for fault in found)
    return [(fault.line, fault.column, fault.message) for fault in found]


def only_fault(text: str) -> tuple[int, int, str]:
    found = faults_of(text)
    assert len(found) == 1, found
    return found[0]


def plan_of(text: str) -> Plan:
    found = parse_plan(text, "plan.yaml")
    assert isinstance(found, Plan), "\n".join(map(str, found))
    return found


def task_of(lines: str) -> TaskSpec:
    """The one task whose keys, beside its id, stand in `lines` (indented by four)."""
    return plan_of(f"{HEAD}tasks:\n  - id: a\n{lines}").tasks[0]


_LETTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
ODD_TEXTS = [
    *("true", "no", "null", "~", "1", "1e3", "0x1f", "a: b", "- x", "# c", "{a: 1}", "%x", "@x", "2024-01-01", "|"),
    *("a\nb", "a\n\n b\n", "x\n", "\n", " a\nb", "a\n ", "a\n\n", "a\tb", "a\n\tb", "\r\n", "a\r", " a", "a "),
    *("天庭", "😀", "\U00018d09", "\x85", "\u2028", "\ufffe", "\x7f", "\x07"),
]
TEXTS = st.text(_LETTERS, max_size=30) | st.sampled_from(ODD_TEXTS)
FULL_TEXTS = TEXTS.filter(lambda text: bool(text.strip()))
LINES = FULL_TEXTS.filter(str.isprintable)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True).filter(
    lambda name: ".." not in name and not name.endswith((".", ".lock"))
)
GLOBS = st.sampled_from(["src/**", "a b/*.py", "[ab]?", "**", "*.lock", "ünï/'x'", "- a", "a: b", "{x}", "#x"])
SECONDS = st.integers(1, 10**6).map(float) | st.floats(1e-6, 1e7)
RUNTIMES = st.sampled_from(RuntimeName)
WHOLE = st.integers(1, 9)
MONEY = st.sampled_from([0.5, 20.0, 1e-3])
BUDGETS = st.none() | st.builds(Budget, st.none() | WHOLE, st.none() | MONEY, st.none() | WHOLE)
RULES = st.lists(st.sampled_from(["*", "Bash(git push*)", "mcp__x__*", "web", "run(a b: c)"]), max_size=2).map(tuple)
VARIABLE_NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,3}", fullmatch=True)
VARIABLES = st.dictionaries(VARIABLE_NAMES, st.sampled_from(["", *ODD_TEXTS]), max_size=2)
MODELS = st.sampled_from([None, "opus", "openai:x y", "a/b:1", "true", "ünï"])
FILES = st.sampled_from(["a.py", "a b/c", "[x].md", "ünï", "- x", "a:b", "true", "1"])


@st.composite
def steps(draw: st.DrawFn) -> ScriptStep:
    kind = draw(st.sampled_from(StepKind))
    attempt = draw(st.none() | st.integers(1, 9))
    texts = {StepKind.WRITE, StepKind.APPEND, StepKind.REPLACE}
    match kind:
        case StepKind.WAIT | StepKind.LISTEN:
            seconds = draw(st.just(0.0) | SECONDS)
            argument = str(int(seconds)) if seconds.is_integer() else repr(seconds)
        case StepKind.WRITE | StepKind.APPEND | StepKind.REPLACE | StepKind.DELETE:
            argument = draw(FILES)
        case _:
            argument = draw(FULL_TEXTS)
    text = draw(TEXTS) if kind in texts else ""
    old = draw(TEXTS.filter(bool)) if kind is StepKind.REPLACE else ""
    return ScriptStep(kind, argument, text, old, attempt)


def several(of: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(of, max_size=3).map(tuple)


@st.composite
def tasks(draw: st.DrawFn, name: TaskId, earlier: list[TaskId], windows: list[WindowSpec]) -> TaskSpec:
    window = draw(st.sampled_from(windows))
    work = draw(st.sampled_from(["run", "script", "adopt", "prompt"]))
    runtimes = {"run": RuntimeName.COMMAND, "script": RuntimeName.SCRIPTED, "adopt": None}
    runtime = (
        draw(st.sampled_from(sorted(AGENTS))) if work == "prompt" else draw(st.sampled_from([None, runtimes[work]]))
    )
    needs = draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True)) if earlier else []
    return TaskSpec(
        id=name,
        title=draw(TEXTS),
        prompt=draw(FULL_TEXTS if work == "prompt" else TEXTS),
        role=draw(st.none() | st.just(window.role)),
        window=draw(st.none() | st.integers(1, window.count).map(lambda number: f"{window.role}-{number}")),
        needs=tuple(needs),
        touches=draw(several(GLOBS)),
        exclusive=draw(several(GLOBS)),
        verify=draw(several(FULL_TEXTS)),
        priority=draw(st.integers(-5, 5)),
        estimate=draw(st.none() | SECONDS),
        approve=draw(st.booleans()),
        env=tuple(draw(VARIABLES).items()),
        runtime=runtime,
        run=draw(FULL_TEXTS) if work == "run" else None,
        script=tuple(draw(st.lists(steps(), min_size=1, max_size=4))) if work == "script" else (),
        adopt=draw(st.sampled_from(["main", "origin/x", "v1.0", "a" * 40, "ünï"])) if work == "adopt" else None,
        timeout=draw(st.none() | SECONDS),
        retries=draw(st.none() | st.integers(0, 5)),
        model=draw(MODELS),
        budget=draw(BUDGETS),
    )


@st.composite
def pools(draw: st.DrawFn, role: RoleName) -> WindowSpec:
    return WindowSpec(
        role,
        draw(st.integers(1, 5)),
        draw(st.none() | RUNTIMES),
        command=draw(several(GLOBS)),
        model=draw(MODELS),
        env=tuple(draw(VARIABLES).items()),
        inherit=draw(several(VARIABLE_NAMES)),
        budget=draw(BUDGETS),
    )


@st.composite
def defaults(draw: st.DrawFn) -> Defaults:
    return Defaults(
        draw(st.none() | RUNTIMES),
        draw(SECONDS),
        draw(SECONDS),
        draw(SECONDS),
        draw(st.integers(0, 9)),
        model=draw(MODELS),
        env=tuple(draw(VARIABLES).items()),
        inherit=draw(several(VARIABLE_NAMES)),
        budget=draw(BUDGETS),
        answer=draw(st.none() | SECONDS),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    windows = [draw(pools(usual.role)) for usual in DEFAULT_WINDOWS]
    usual_roles = {window.role for window in windows}
    others = draw(st.lists(NAMES, max_size=2, unique=True))
    windows += [draw(pools(RoleName(name))) for name in others if name not in usual_roles]
    ids = [TaskId(name) for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))]
    gates = draw(st.lists(LINES, max_size=2, unique=True))
    return Plan(
        name=draw(LINES),
        tasks=tuple(draw(tasks(name, ids[:at], windows)) for at, name in enumerate(ids)),
        trunk=draw(st.none() | st.sampled_from(["main", "rel/1.0", "ünï", "a-b"]).map(BranchName)),
        defaults=draw(defaults()),
        windows=tuple(windows),
        gate=tuple(GateSpec(name, draw(FULL_TEXTS), draw(SECONDS)) for name in gates),
        gate_carry=draw(st.booleans()),
        limits=draw(st.builds(Limits, WHOLE, WHOLE, st.none() | SECONDS, st.none() | WHOLE, st.none() | MONEY)),
        permissions=draw(st.builds(Permissions, RULES, RULES, RULES, st.sampled_from(["allow", "deny", "ask"]))),
        setup=draw(several(FULL_TEXTS)),
        copy=draw(several(GLOBS)),
        keep=draw(several(GLOBS)),
        regenerate=tuple(draw(st.dictionaries(GLOBS, FULL_TEXTS, max_size=2)).items()),
        migrations=draw(st.none() | migrations()),
        mcp=draw(servers(windows)),
        network=draw(st.sampled_from(Network)),
    )


@st.composite
def servers(draw: st.DrawFn, windows: list[WindowSpec]) -> tuple[McpServer, ...]:
    names = draw(st.lists(st.sampled_from(["a", "B-1", "x_y", "tianting"]), max_size=2, unique=True))
    return tuple(draw(server(name, windows)) for name in names)


@st.composite
def server(draw: st.DrawFn, name: str, windows: list[WindowSpec]) -> McpServer:
    roles = tuple(draw(st.lists(st.sampled_from([one.role for one in windows]), max_size=2, unique=True)))
    if name == OWN_SERVER:
        return McpServer(name, roles=roles, promptx=draw(several(FULL_TEXTS)))
    if draw(st.booleans()):
        bearer = draw(st.just("") | VARIABLE_NAMES)
        return McpServer(name, url="https://example.org/a%20b?c=d", bearer=bearer, roles=roles)
    command = draw(several(FULL_TEXTS).filter(bool))
    inherit = draw(several(VARIABLE_NAMES))
    return McpServer(name, command, env=tuple(draw(VARIABLES).items()), inherit=inherit, roles=roles)


@st.composite
def migrations(draw: st.DrawFn) -> MigrationSpec:
    there = st.just("") | FULL_TEXTS
    database, dump = draw(st.just("") | FULL_TEXTS), draw(FULL_TEXTS)
    env = tuple(draw(VARIABLES).items())
    return MigrationSpec(draw(FULL_TEXTS), env, database, draw(there), dump, draw(there), draw(SECONDS))
