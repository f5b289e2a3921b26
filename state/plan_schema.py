"""The format of a plan as JSON Schema: what editors complete and check, and the one list of the keys there are.

Never: a rule that the reader does not keep. What no schema can say (globs, cycles, names that must exist) only the
reader says.
"""

from itertools import combinations

from state.plan import (
    FORMAT_VERSION,
    OWN_SERVER,
    Defaults,
    GateSpec,
    Limits,
    MigrationSpec,
    Network,
    OnOverlap,
    ResolverSpec,
    RuntimeName,
)
from state.plan_fields import DURATION, NAME, VARIABLE

Schema = dict[str, object]

MOST_RETRIES = 100
MOST_WINDOWS = 1_000
MOST_PRIORITY = 1_000_000

_TEXT: Schema = {"type": "string"}
_COMMAND: Schema = {"type": "string", "minLength": 1}
_FLAG: Schema = {"type": "boolean"}
_NAME: Schema = {"type": "string", "pattern": f"^{NAME.pattern}$"}


def _texts(what: str) -> Schema:
    return {
        "description": f"{what} One text, or a list of them.",
        "anyOf": [_COMMAND, {"type": "array", "items": _COMMAND}],
    }


def _duration(what: str) -> Schema:
    return {
        "description": f"{what} Such as 90s, 30m or 1h30m, or a number of seconds.",
        "anyOf": [
            {"type": "number", "exclusiveMinimum": 0},
            {"type": "string", "pattern": f"^(?=.*[1-9]){DURATION.pattern}$"},
        ],
    }


def _whole(what: str, least: int, most: int) -> Schema:
    return {"description": what, "type": "integer", "minimum": least, "maximum": most}


def _said(what: str, shape: Schema) -> Schema:
    return {"description": what, **shape}


def _mapping(what: str, keys: Schema, required: tuple[str, ...] = ()) -> Schema:
    shape: Schema = {"description": what, "type": "object", "properties": keys, "additionalProperties": False}
    return {**shape, "required": list(required)} if required else shape


_RUNTIME: Schema = {
    "description": "The agent program: `command` runs any program, `scripted` is a simulated agent, `claude` is Claude "
    "Code, `codex` is Codex, `acp` is any agent that speaks the Agent Client Protocol, `autogen` is AutoGen.",
    "enum": [name.value for name in RuntimeName],
}
_MODEL: Schema = {"description": "The model's name, as the agent program knows it.", **_COMMAND}
_ENV_SHAPE: Schema = {
    "type": "object",
    "propertyNames": {"pattern": f"^{VARIABLE.pattern}$"},
    "additionalProperties": {"type": ["string", "integer"]},
}
_ENV = _said("Environment variables. {worktree}, {port.NAME}, {run} and {task} are filled in.", _ENV_SHAPE)
_INHERIT: Schema = _texts("Names of environment variables that are taken over, such as ANTHROPIC_API_KEY.")

MOST_TOKENS = 10**12

BUDGET: Schema = {
    "tokens": _whole("Tokens, cached ones too.", 1, MOST_TOKENS),
    "usd": {"description": "US dollars, as far as the agent tells them.", "type": "number", "exclusiveMinimum": 0},
    "turns": _whole("Replies of the model in one attempt.", 1, MOST_TOKENS),
}
_BUDGET = _mapping("The most that may be spent.", BUDGET)

PERMISSIONS: Schema = {
    "deny": _texts("What agents may not do, such as `WebFetch` or `run(git push*)`."),
    "ask": _texts("What a person is asked about first."),
    "allow": _texts("What agents may do."),
    "usual": {"description": "The answer where no list names it (default allow).", "enum": ["allow", "deny", "ask"]},
}

DEFAULTS: Schema = {
    "runtime": _RUNTIME,
    "timeout": _duration(f"The longest an attempt may take (default {Defaults().timeout:.0f} s)."),
    "startup": _duration(f"The longest until its program starts (default {Defaults().startup:.0f} s)."),
    "idle": _duration(f"The longest without a sign of life (default {Defaults().idle:.0f} s)."),
    "retries": _whole(f"How often a failed task is tried again (default {Defaults().retries}).", 0, MOST_RETRIES),
    "model": _MODEL,
    "env": _ENV,
    "inherit": _INHERIT,
    "budget": _BUDGET,
    "answer": _duration("The longest that an agent's question waits for a person (default: for ever)."),
}

WINDOW: Schema = {
    "runtime": _RUNTIME,
    "count": _whole("How many windows of this role there are.", 1, MOST_WINDOWS),
    "command": _texts("The agent program with its arguments, where another than the runtime's own is meant."),
    "model": _MODEL,
    "env": _ENV,
    "inherit": _INHERIT,
    "budget": _BUDGET,
}

GATE: Schema = {
    "name": _said("How the check is called; default: its command.", _COMMAND),
    "run": _said("A shell command; exit code 0 is green.", _COMMAND),
    "timeout": _duration(f"The longest it may take (default {GateSpec('', '').timeout:.0f} s)."),
}

LIMITS: Schema = {
    "windows": _whole(f"Windows live at once (default {Limits().windows}).", 1, MOST_WINDOWS),
    "gates": _whole(f"Gates running at once (default {Limits().gates}).", 1, MOST_WINDOWS),
    "wall": _duration("The longest the whole run may take."),
    "tokens": BUDGET["tokens"],
    "usd": BUDGET["usd"],
}

MIGRATIONS: Schema = {
    "run": _said("The shell command that takes the database {database} to the newest migration.", _COMMAND),
    "env": _said("Environment variables of these commands; {database} is filled in.", _ENV_SHAPE),
    "database": _said(
        "The address of a scratch database, with {scratch} for its name; default: a SQLite file.", _COMMAND
    ),
    "create": _said("The shell command that makes the database {scratch}.", _COMMAND),
    "dump": _said("The shell command that prints its schema; not needed for SQLite.", _COMMAND),
    "drop": _said("The shell command that takes it away.", _COMMAND),
    "timeout": _duration(f"The longest that one command may take (default {MigrationSpec('').timeout:.0f} s)."),
}

_ROLES = _texts("The roles whose windows get it; default: all.")

MCP_SERVER: Schema = {
    "command": _texts("The server's program with its arguments; it speaks on its standard streams."),
    "url": _said("The server's address, for one that is reached by HTTP.", {"type": "string", "pattern": "^https?://"}),
    "env": _ENV,
    "inherit": _INHERIT,
    "bearer": _said("The variable, of where Tianting is started, whose value is shown as the token.", _COMMAND),
    "roles": _ROLES,
}

OWN_MCP_SERVER: Schema = {
    "roles": _ROLES,
    "promptx": _texts("The command of a PromptX (an MCP server) that is asked for roles and remembers."),
}

STEP_KINDS: Schema = {
    "say": _said("Says a sentence.", _COMMAND),
    "write": _said("Writes `text` into this file.", _COMMAND),
    "append": _said("Appends `text` to this file.", _COMMAND),
    "replace": _said("Replaces `old` by `text` in this file.", _COMMAND),
    "delete": _said("Deletes this file.", _COMMAND),
    "run": _said("Runs a shell command.", _COMMAND),
    "wait": {
        "description": "Waits so many seconds.",
        "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": f"^(?=.*[1-9]){DURATION.pattern}$"}],
    },
    "listen": {
        "description": "Waits until it is told something, at most so many seconds.",
        "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": f"^(?=.*[1-9]){DURATION.pattern}$"}],
    },
    "ask": _said("Asks a person, and waits for the answer.", _COMMAND),
    "commit": _said("Commits what is there, with this message.", _COMMAND),
    "fail": _said("Fails, for this reason.", _COMMAND),
}

STEP: Schema = {
    **STEP_KINDS,
    "text": _said("The new text, for write, append and replace.", _TEXT),
    "old": _said("What replace looks for.", _COMMAND),
    "attempt": _whole("Take this step on that attempt only; 1 is the first.", 1, MOST_RETRIES + 1),
}

_TEXT_STEPS = ("write", "append", "replace")

_SCRIPT: Schema = {
    "description": "The steps of a simulated agent.",
    "type": "array",
    "minItems": 1,
    "items": {
        **_mapping("One step.", STEP),
        "oneOf": [{"required": [kind]} for kind in STEP_KINDS],
        "allOf": [{"if": {"required": [kind]}, "then": {"required": ["text"]}, "else": True} for kind in _TEXT_STEPS],
        "dependentRequired": {"replace": ["old"], "old": ["replace"]},
    },
}

RESOLVER_KEYS: Schema = {
    "attempts": _whole(f"How often it may try one conflict (default {ResolverSpec().attempts}).", 1, MOST_RETRIES),
    "runtime": _RUNTIME,
    "model": _MODEL,
    "run": _said("The shell command of a resolver that is a `command`.", _COMMAND),
    "script": _SCRIPT,
    "timeout": _duration("The longest an attempt of it may take."),
}

TASK: Schema = {
    "id": _said("Its name; part of a branch's name.", _NAME),
    "role": _said("The windows it runs in; left out, it is classified from title, paths and prompt.", _NAME),
    "window": _said("The one window it runs in, such as backend-2.", _TEXT),
    "title": _said("One line for people.", _TEXT),
    "prompt": _said("What an agent is asked to do.", _TEXT),
    "needs": _texts("Tasks that must have landed before this one starts."),
    "touches": _texts("Globs of what it will change: it is kept apart from tasks that change the same."),
    "exclusive": _texts("Globs that only one live task may claim: migrations, lock files, generated files."),
    "verify": _texts("Shell commands that must succeed in its worktree."),
    "priority": _whole("Higher starts first (default 0).", -MOST_PRIORITY, MOST_PRIORITY),
    "estimate": _duration("How long it should take; for the forecast."),
    "approve": _said("True: a person approves before it lands.", _FLAG),
    "env": _ENV,
    "runtime": _RUNTIME,
    "model": _MODEL,
    "budget": _BUDGET,
    "run": _said("The shell command of a `command` task.", _COMMAND),
    "script": _SCRIPT,
    "adopt": _said("An existing branch, tag or commit, taken as this task's result.", _COMMAND),
    "timeout": _duration("The longest an attempt at it may take."),
    "retries": _whole("How often it is tried again.", 0, MOST_RETRIES),
}

PLAN: Schema = {
    "tianting": {"description": "Version of this format.", "const": FORMAT_VERSION},
    "name": _said("What the plan is called; default: its file's name.", _COMMAND),
    "trunk": _said("The branch to land on; default: the repository's current branch.", _COMMAND),
    "defaults": _mapping("What a task has when it does not say.", DEFAULTS),
    "windows": {
        "description": "Windows by role, beside and in place of frontend, backend (2), testing and docs.",
        "type": "object",
        "propertyNames": _NAME,
        "additionalProperties": {"anyOf": [_mapping("Windows of one role.", WINDOW), {"type": "null"}]},
    },
    "gate": {
        "description": "The checks at the speculative merge commit, before landing.",
        "type": "array",
        "items": _mapping("One check.", GATE, required=("run",)),
    },
    "gate_carry": _said("True: a green gate is carried over when only disjoint lane-mates changed.", _FLAG),
    "limits": _mapping("Capacity of the run.", LIMITS),
    "setup": _texts("Shell commands that make a worktree ready."),
    "copy": _texts("Globs of files copied into each worktree, ignored ones such as .env included."),
    "keep": _texts("Globs of ignored files that are work."),
    "regenerate": {
        "description": "Globs of generated files and lock files, each with the shell command that makes them anew.",
        "type": "object",
        "additionalProperties": _COMMAND,
    },
    "migrations": _mapping("How migrations are run to prove what was merged.", MIGRATIONS, required=("run",)),
    "permissions": _mapping("What agents may do with their tools.", PERMISSIONS),
    "network": {
        "description": "What agents, `verify` and gates may reach: everything, an agent's model alone, nothing.",
        "enum": [one.value for one in Network],
    },
    "mcp": {
        "description": "MCP servers that agents get, by name; `tianting` is Tianting's own.",
        "type": "object",
        "patternProperties": {
            f"^{OWN_SERVER}$": {"anyOf": [_mapping("Tianting's own.", OWN_MCP_SERVER), {"type": "null"}]},
            f"^(?!{OWN_SERVER}$)": {
                **_mapping("One server.", MCP_SERVER),
                "oneOf": [{"required": ["command"]}, {"required": ["url"]}],
            },
        },
        "additionalProperties": False,
    },
    "overlaps": {
        "description": "What a ready task does that would change what another one changes (default reorder).",
        "enum": [one.value for one in OnOverlap],
    },
    "resolver": {
        **_mapping(
            "The agent that is given conflicts which no rule settles; without it a person is asked.", RESOLVER_KEYS
        ),
        "not": {"required": ["run", "script"]},
    },
    "tasks": {
        "description": "What is to be done.",
        "type": "array",
        "minItems": 1,
        "items": {
            **_mapping("One task.", TASK, required=("id",)),
            "allOf": [{"not": {"required": list(pair)}} for pair in combinations(("run", "script", "adopt"), 2)],
        },
    },
}


def json_schema() -> Schema:
    """The JSON Schema (2020-12) of a plan."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tianting plan",
        **_mapping("A plan that `tianting run` carries out.", PLAN, required=("tasks",)),
    }
