from hypothesis import given
from hypothesis import strategies as st

from agents.environment import Environment, port_names

WORDS = {"worktree": "/w", "run": "r1", "task": "t", "port.web": "20001"}


def environment(*secrets: str) -> Environment:
    return Environment({}, WORDS, (("web", 20001),), "/scratch", secrets)


def test_the_four_words_are_filled_in() -> None:
    text = "serve --db {worktree}/dev.db -p {port.web} --name {run}-{task}"
    assert environment().expand(text) == "serve --db /w/dev.db -p 20001 --name r1-t"


def test_braces_of_the_shell_and_of_awk_stay() -> None:
    for text in ("echo ${task} ${run}", "awk '{print $1}'", "{a,b}", "{}", "{worktree", "{port.}", "{Task}"):
        assert environment().expand(text) == text


@given(st.text(alphabet="{}worktasknup.$ ", max_size=30))
def test_expanding_twice_changes_nothing_more(text: str) -> None:
    once = environment().expand(text)
    assert environment().expand(once) == once


def test_a_port_that_is_named_twice_is_one_port() -> None:
    assert port_names(["{port.web} {port.db-1}", "curl :{port.web}", "${port.no} {worktree}"]) == ("db-1", "web")


def test_the_values_of_secrets_are_struck_out() -> None:
    assert environment("hunter22").scrub("password hunter22 was refused") == "password ••• was refused"
