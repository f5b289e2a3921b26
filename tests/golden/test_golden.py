"""Recorded logs: they decode, replay and decide the same for ever. A recording is never changed; see `record.py`."""

import json
from pathlib import Path
from typing import get_args

import pytest

from scheduler.decide import decide_starts
from state import events as ev
from state import intents
from state.codec import SCHEMA_VERSION, Json, decode, encode
from state.fold import apply, replay
from state.ids import Seq
from state.run import RunState
from tests.golden.record import digest

HERE = Path(__file__).resolve().parent
LOGS = sorted(HERE.glob("*.jsonl"))


def lines(path: Path) -> list[dict[str, Json]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def log_of(path: Path) -> list[ev.Recorded]:
    found: list[ev.Recorded] = []
    for one in lines(path):
        seq, ts, version = one["seq"], one["ts"], one["version"]
        assert isinstance(seq, int)
        assert isinstance(ts, float)
        assert isinstance(version, int)
        found.append(ev.Recorded(Seq(seq), ts, decode(str(one["name"]), version, json.dumps(one["data"]))))
    return found


def says_the_same(old: Json, new: Json) -> bool:
    """Whether all that stood in the old text stands in the new one, which may say more."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and says_the_same(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(says_the_same, old, new))
    return old == new


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_a_recorded_log_replays_to_what_it_came_to_then(path: Path) -> None:
    then = json.loads(path.with_suffix(".state.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(digest(replay(log_of(path))))) == then


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_no_field_of_a_recorded_event_is_lost_or_means_another_thing(path: Path) -> None:
    for one, recorded in zip(lines(path), log_of(path), strict=True):
        lifted = one["version"] != SCHEMA_VERSION
        assert lifted or says_the_same(one["data"], json.loads(encode(recorded.event)))


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_what_was_started_then_would_be_started_today(path: Path) -> None:
    run, expected = RunState(), list[ev.AttemptDispatched]()
    started = 0
    for recorded in log_of(path):
        if isinstance(recorded.event, ev.AttemptDispatched):
            if not expected:
                run.warm_up(recorded.ts)
                expected = [
                    ev.AttemptDispatched(
                        one.task.id, one.attempt, one.number, one.window, one.base, one.overlaps, one.candidate
                    )
                    for one in decide_starts(run, recorded.ts)
                ]
            assert expected.pop(0) == recorded.event
            started += 1
        else:
            assert not expected
        apply(run, recorded)
    assert started


def test_every_event_and_every_intent_stands_in_a_recording() -> None:
    seen = [recorded.event for path in LOGS for recorded in log_of(path)]
    assert {type(event) for event in seen} == set(get_args(ev.Event))
    wished = {type(event.intent) for event in seen if isinstance(event, ev.IntentAccepted | ev.IntentRefused)}
    assert wished == set(get_args(intents.Intent))
