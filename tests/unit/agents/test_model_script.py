"""What the scripted model says next: of scripts, conversations and offered tools, without a server."""

import json

import pytest

from agents.model_server import chat, messages, responses
from agents.model_server.script import Script, ScriptFault, chosen_by, scripts_from
from agents.model_server.talk import Conversation, Reply, Turn, Who, reply_to
from agents.model_server.tools import Offered
from agents.raw import Raw

FILES = Offered(frozenset({"file_path", "content", "old_string", "new_string"}))
SHELL = Offered(frozenset({"command", "description"}))
CLAUDE = {"Write": FILES, "Edit": FILES, "Read": FILES, "Bash": SHELL}
CODEX = {"shell": Offered(frozenset({"command"}), frozenset({"command"}))}

WRITE_AND_RUN = [{"say": "I begin.", "write": "a.py", "text": "x"}, {"run": "make"}, {"say": "Ready: {result}"}]


def mark(steps: object) -> str:
    return f"Do it. [[script:{json.dumps(steps)}]] Now."


def talk(*turns: Turn, tools: dict[str, Offered] | None = None) -> Conversation:
    return Conversation("m", turns, CLAUDE if tools is None else tools, True, 4000)


def replied(*turns: Turn, tools: dict[str, Offered] | None = None, known: dict[str, Script] | None = None) -> Reply:
    return reply_to(talk(*turns, tools=tools), lambda prompt: chosen_by(prompt, known or {}))


def user(text: str) -> Turn:
    return Turn(Who.USER, text)


AGAIN = (Turn(Who.ASSISTANT, "I begin."), Turn(Who.TOOL, "written"))


def test_each_reply_of_the_assistant_moves_the_script_on() -> None:
    asked = user(mark(WRITE_AND_RUN))
    assert replied(asked).say == "I begin."
    assert [call.name for call in replied(asked, *AGAIN).calls] == ["Bash"]
    end = replied(asked, *AGAIN, Turn(Who.ASSISTANT, ""), Turn(Who.ASSISTANT, ""), Turn(Who.TOOL, "made"))
    assert (end.say, end.calls) == ("Ready: made", ())


def test_after_its_last_step_a_script_is_done() -> None:
    assert replied(user(mark([{"say": "a"}])), Turn(Who.ASSISTANT, "a"), user("more?")).say == "Done."


def test_a_sentence_in_the_middle_does_not_move_it() -> None:
    assert replied(user(mark(WRITE_AND_RUN)), *AGAIN, user("hurry up")).calls[0].name == "Bash"


def test_the_last_script_that_was_asked_for_counts() -> None:
    first, then = user(mark([{"say": "one"}])), user(mark([{"say": "two"}]))
    assert replied(first, Turn(Who.ASSISTANT, "one"), then).say == "two"


def test_without_a_script_nothing_is_done() -> None:
    assert replied(user("hello")).calls == ()


def test_a_request_without_tools_is_aside() -> None:
    assert replied(user(mark(WRITE_AND_RUN)), tools={}).say == "A task"


def test_named_scripts_come_from_a_file() -> None:
    known = scripts_from("scripts:\n  hello:\n    - say: hi\n      fault: {status: 529, times: 2}\n", "s.yaml")
    reply = replied(user("[[script:hello]]"), known=known)
    assert reply.say == "hi"
    assert reply.fault is not None
    assert (reply.fault.status, reply.fault.times) == (529, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "s.yaml is no YAML"),
        ("x: 1", "needs `scripts`"),
        ("scripts: {a: []}", "s.yaml: a: a script is a list of at least one step"),
        ("scripts: {a: [{shout: x}]}", "s.yaml: a, step 1: there is no shout"),
        ("scripts: {a: [{run: x, write: y}]}", "does one of read, write, replace, run, tool, not write and run"),
        ("scripts: {a: [{say: 1}]}", "`say` must be text"),
        ("scripts: {a: [{fault: {status: -1}}]}", "`status` must be a number that is not below 0"),
        ("scripts: {a: [{tool: x, input: 3}]}", "`input` is a mapping"),
    ],
)
def test_a_bad_script_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(ScriptFault) as raised:
        scripts_from(text, "s.yaml")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("prompt", ["[[script:none]]", "[[script:[{]]", "[[script:]]"])
def test_a_script_that_is_not_there_is_said_to_be_missing(prompt: str) -> None:
    with pytest.raises(ScriptFault):
        chosen_by(prompt, {"hello": ()})


def test_paths_are_absolute_where_the_tool_wants_them_so() -> None:
    [call] = replied(Turn(Who.SYSTEM, "Primary working directory: /w t/1\n"), user(mark(WRITE_AND_RUN))).calls
    assert json.loads(call.arguments) == {"file_path": "/w t/1/a.py", "content": "x"}


def test_files_are_written_by_the_shell_where_there_is_no_better_tool() -> None:
    [call] = replied(user(mark(WRITE_AND_RUN)), tools=CODEX).calls
    assert call.name == "shell"
    assert json.loads(call.arguments)["command"][:2] == ["bash", "-c"]
    assert "> a.py" in json.loads(call.arguments)["command"][2]


TOOL = {"name": "Write", "input_schema": {"properties": {"file_path": {}, "content": {}}}}
ASKED = {"role": "user", "content": mark(WRITE_AND_RUN)}


@pytest.mark.parametrize(
    ("talked", "tools"),
    [
        (
            messages.conversation(
                {
                    "model": "m",
                    "system": [{"type": "text", "text": "you"}],
                    "tools": [TOOL],
                    "messages": [
                        ASKED,
                        {"role": "assistant", "content": [{"type": "text", "text": "I begin."}]},
                        {"role": "user", "content": [{"type": "tool_result", "content": [{"text": "written"}]}]},
                    ],
                },
                100,
            ),
            {"Write"},
        ),
        (
            chat.conversation(
                {
                    "model": "m",
                    "tools": [{"function": {"name": "Write", "parameters": TOOL["input_schema"]}}],
                    "messages": [
                        {"role": "system", "content": "you"},
                        ASKED,
                        {"role": "assistant", "content": "I begin."},
                        {"role": "tool", "content": "written"},
                    ],
                },
                100,
            ),
            {"Write"},
        ),
        (
            responses.conversation(
                {
                    "model": "m",
                    "instructions": "you",
                    "tools": [{"name": "Write", "parameters": TOOL["input_schema"]}],
                    "input": [
                        {"type": "message", **ASKED},
                        {"type": "message", "role": "assistant", "content": [{"text": "I begin."}]},
                        {"type": "function_call", "name": "Write"},
                        {"type": "function_call_output", "output": "written"},
                    ],
                },
                100,
            ),
            {"Write"},
        ),
    ],
)
def test_every_wire_format_tells_the_same_conversation(talked: Conversation, tools: set[str]) -> None:
    assert set(talked.tools) == tools
    told = [turn for turn in talked.turns if turn.text]
    assert told == [Turn(Who.SYSTEM, "you"), user(mark(WRITE_AND_RUN)), *AGAIN]
    assert [call.arguments for call in reply_to(talked, lambda prompt: chosen_by(prompt, {})).calls]


@pytest.mark.parametrize("read", [messages.conversation, chat.conversation, responses.conversation])
@pytest.mark.parametrize("body", [{}, {"messages": 3, "tools": [1], "input": {}, "model": 1}, {"messages": [{}, 1]}])
def test_a_strange_request_is_read_without_an_error(read: object, body: Raw) -> None:
    assert callable(read)
    assert isinstance(read(body, 10), Conversation)


def test_a_turn_that_the_program_put_in_itself_is_no_reply() -> None:
    steps: list[dict[str, object]] = [{"run": "slow"}, {"write": "b.txt", "text": "b"}, {"say": "Both."}]
    stopped = (Turn(Who.ASSISTANT, ""), Turn(Who.TOOL, "stopped"), Turn(Who.ASSISTANT, "No response requested."))
    go_on = (*stopped, user("Go on."))
    assert replied(user(mark(steps)), *go_on).calls
    after = (*go_on, Turn(Who.ASSISTANT, ""), Turn(Who.TOOL, "written"))
    assert replied(user(mark(steps)), *after).say == "Both."
    assert replied(user(mark(steps)), *after, Turn(Who.ASSISTANT, "Nothing."), user("On.")).say == "Both."
    assert replied(user(mark(steps)), *after, Turn(Who.ASSISTANT, "Both."), user("On.")).say == "Done."
