"""Where things live, and what is refused."""

from pathlib import Path

import pytest

from orchestrator.settings import (
    AtBroker,
    InEmbeddedRedis,
    InFile,
    InMemory,
    InRedis,
    Misuse,
    read_settings,
    where_kept,
    which_broker,
)


def test_the_ledger_lives_in_the_git_folder_unless_told_otherwise() -> None:
    assert where_kept("", Path("/r/.git")) == InFile("/r/.git/tianting/ledger.sqlite")
    assert where_kept("sqlite:/x/y.db", Path("/r/.git")) == InFile("/x/y.db")
    assert where_kept("memory:", Path("/r/.git")) == InMemory()
    assert where_kept("redis:embedded", Path("/r/.git")) == InEmbeddedRedis("/r/.git/tianting/redis")


@pytest.mark.parametrize(
    "url", ["redis://localhost", "redis://h:6380/2", "rediss://user:secret@h:6380/2", "redis://[::1]:6379/0"]
)
def test_a_redis_has_to_keep_a_file_unless_the_url_says_otherwise(url: str) -> None:
    assert where_kept(url, Path("/r/.git")) == InRedis(url, durable=True)
    assert where_kept(f"{url}?aof=off", Path("/r/.git")) == InRedis(url, durable=False)


def test_a_password_is_not_shown_with_the_place() -> None:
    assert "secret" not in repr(where_kept("redis://user:secret@h", Path("/r/.git")))


@pytest.mark.parametrize("url", ["redis", "redis:", "redis:embedded/x", "mongo:x", "sqlite:", "memory:x", "x"])
def test_a_store_that_can_not_be_opened_is_refused_with_those_that_can(url: str) -> None:
    with pytest.raises(Misuse, match="use sqlite:PATH"):
        where_kept(url, Path("/r/.git"))


@pytest.mark.parametrize("rest", ["", "h:port/0", "h/zero", "h?aof=on", "h?aof=off&aof=off", "h?timeout=1", "h#x"])
def test_a_redis_url_that_can_not_be_read_is_refused_without_its_password(rest: str) -> None:
    with pytest.raises(Misuse, match="redis://") as refused:
        where_kept(f"redis://:secret@{rest}", Path("/r/.git"))
    assert "secret" not in str(refused.value)


def test_a_broker_is_read_with_its_credentials_and_ports() -> None:
    assert which_broker("") is None
    plain, secure = which_broker("mqtt://h"), which_broker("mqtts://a%3A:b%2F@[::1]:99?intents=on&ca=/c")
    assert plain == AtBroker("h", 1883, None, None, tls=False, ca="", intents=False)
    assert secure == AtBroker("::1", 99, "a:", "b/", tls=True, ca="/c", intents=True)
    assert "b/" not in repr(secure)
    assert "b%2F" not in repr(read_settings({"TIANTING_MQTT": "mqtts://a:b%2F@h", "HOME": "/h"}, None))


@pytest.mark.parametrize(
    "rest", ["h:port", "", "h/topic", "h#x", "h?intents=perhaps", "h?ca=/c", "h?keepalive=1", "h:99999"]
)
def test_a_broker_url_that_can_not_be_read_is_refused_without_its_password(rest: str) -> None:
    with pytest.raises(Misuse, match="mqtt://") as refused:
        which_broker(f"mqtt://me:secret@{rest}")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("who", ["", "me@", ":secret@"])
def test_intents_from_a_broker_need_credentials(who: str) -> None:
    with pytest.raises(Misuse, match="user and a password"):
        which_broker(f"mqtt://{who}h?intents=on")


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
