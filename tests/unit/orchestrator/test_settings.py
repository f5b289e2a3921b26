"""Where things live, and what is refused."""

from pathlib import Path

import pytest

from orchestrator.settings import Misuse, ledger_path, read_settings


def test_the_ledger_lives_in_the_git_folder_unless_told_otherwise() -> None:
    assert ledger_path("", Path("/r/.git")) == "/r/.git/tianting/ledger.sqlite"
    assert ledger_path("sqlite:/x/y.db", Path("/r/.git")) == "/x/y.db"
    assert ledger_path("memory:", Path("/r/.git")) is None


@pytest.mark.parametrize("url", ["redis://localhost:6379/0", "redis:embedded", "mongo:x", "sqlite:", "memory:x", "x"])
def test_a_store_that_can_not_be_opened_is_refused_with_those_that_can(url: str) -> None:
    with pytest.raises(Misuse, match="use sqlite:PATH"):
        ledger_path(url, Path("/r/.git"))


def test_two_repositories_of_one_name_have_folders_of_their_own() -> None:
    settings = read_settings({"TIANTING_HOME": "/h"}, None)
    one, other = settings.home(Path("/a/shop")), settings.home(Path("/b/shop"))
    assert one != other
    assert one.parent == other.parent == Path("/h")
    assert one.name.startswith("shop-")


def test_odd_names_make_plain_folders() -> None:
    settings = read_settings({"TIANTING_HOME": "/h"}, None)
    assert settings.home(Path("/a/天庭 \n'x")).name.startswith("x-")


def test_the_state_home_of_the_user_is_the_default() -> None:
    assert read_settings({"XDG_STATE_HOME": "/s"}, None).base == Path("/s/tianting")


def test_the_command_line_wins_over_the_environment() -> None:
    assert read_settings({"TIANTING_STORE": "memory:"}, "sqlite:/x").store == "sqlite:/x"
    assert read_settings({"TIANTING_STORE": "memory:"}, None).store == "memory:"


def test_a_relative_home_is_refused() -> None:
    with pytest.raises(Misuse, match="absolute"):
        read_settings({"TIANTING_HOME": "here"}, None)
