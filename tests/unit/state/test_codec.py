"""Events and intents to JSON and back; what can not be read is refused in one sentence."""

import json
from typing import cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state import codec, events, intents
from state.codec import SCHEMA_VERSION, Json, decode, decode_intent, encode, intent_from, name_of
from state.events import AttemptStarted, GateStarted, RunPaused
from state.failure import Failure, FailureKind
from state.ids import CandidateId, IntentId, Sha, TaskId
from state.ports import NewerLog, StoreError
from tests.unit.state import shapes

EVENTS = get_args(events.Event)
INTENTS = get_args(intents.Intent)


@pytest.mark.parametrize("cls", EVENTS, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_every_event_comes_back_as_it_was(cls: type, data: st.DataObject) -> None:
    event = cast(events.Event, data.draw(shapes.of(cls)))
    text = encode(event)
    assert "\n" not in text
    text.encode()
    assert decode(name_of(event), SCHEMA_VERSION, text) == event


@pytest.mark.parametrize("cls", INTENTS, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_every_intent_comes_back_as_it_was(cls: type, data: st.DataObject) -> None:
    intent = cast(intents.Intent, data.draw(shapes.of(cls)))
    assert decode_intent(encode(intent)) == intent
    assert json.loads(encode(intent))["kind"] == cls.__name__


GATE = GateStarted(CandidateId("c"), TaskId("前端"), Sha("s"))


def test_text_is_kept_readable_and_odd_file_names_survive() -> None:
    assert encode(GATE) == '{"candidate":"c","task":"前端","commit":"s"}'
    odd = GateStarted(CandidateId("c"), TaskId("\udcff 前端"), Sha("s"))
    assert encode(odd).isascii()
    assert decode("GateStarted", SCHEMA_VERSION, encode(odd)) == odd


def test_what_is_no_value_of_the_house_is_not_encoded() -> None:
    with pytest.raises(TypeError, match="set has no shape"):
        encode({1, 2})


def test_a_field_that_an_old_log_does_not_have_takes_its_default() -> None:
    old = '{"task":"t","attempt":"t.1","window":"w","pid":7,"worktree":"/w","runtime":"command"}'
    event = decode("AttemptStarted", SCHEMA_VERSION, old)
    assert isinstance(event, AttemptStarted)
    assert (event.simulated, event.ports) == (False, ())


def test_a_field_that_this_version_does_not_know_is_passed_over() -> None:
    assert decode("RunPaused", SCHEMA_VERSION, '{"by":"ann","mood":"calm"}') == RunPaused("ann")


def test_an_event_of_a_newer_version_is_refused() -> None:
    with pytest.raises(NewerLog, match=rf"version {SCHEMA_VERSION + 1}.*reads up to {SCHEMA_VERSION}: update it"):
        decode("RunPaused", SCHEMA_VERSION + 1, '{"by":"ann"}')


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(StoreError, match="'RunDanced' that this version does not know"):
        decode("RunDanced", SCHEMA_VERSION, "{}")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("RunPaused", "{by"),
        ("RunPaused", "[]"),
        ("RunPaused", "{}"),
        ("RunPaused", '{"by":7}'),
        ("LeaseTaken", '{"holder":"h","token":true}'),
        ("LeaseTaken", '{"holder":"h","token":1.5}'),
        ("ChecksPassed", '{"candidate":"c","task":null,"commit":"s","seconds":"long"}'),
        ("ChecksPassed", '{"candidate":"c","task":null,"commit":"s","seconds":true}'),
        ("AttemptDispatched", '{"task":"t","attempt":"t.1","number":1,"window":"w","base":"b","overlaps":"t"}'),
        ("PlanAccepted", '{"run":"r","plan":{"name":"p","tasks":[{"id":"t","env":[["A"]]}]}}'),
        (
            "AttemptFailed",
            '{"task":"t","attempt":"a","window":"w","failure":{"kind":"mood","detail":""},"retry_at":null}',
        ),
        ("IntentAccepted", '{"intent_id":1,"by":"ann","intent":{"kind":"Dance"}}'),
        ("IntentAccepted", '{"intent_id":1,"by":"ann","intent":null}'),
    ],
)
def test_an_event_that_can_not_be_read_is_refused_as_such(name: str, data: str) -> None:
    with pytest.raises(StoreError, match=rf"an event {name} in the log can not be read"):
        decode(name, SCHEMA_VERSION, data)


def test_old_events_are_lifted_step_by_step_and_new_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def second(name: str, raw: dict[str, Json]) -> dict[str, Json]:
        return {"by": f"{raw['who']} (2)"} if name == "RunPaused" else raw

    def third(name: str, raw: dict[str, Json]) -> dict[str, Json]:
        return {"by": f"{raw['by']} (3)"} if name == "RunPaused" else raw

    monkeypatch.setattr(codec, "SCHEMA_VERSION", 3)
    monkeypatch.setattr(codec, "UPCASTERS", {1: second, 2: third})
    assert decode("RunPaused", 1, '{"who":"ann"}') == RunPaused("ann (2) (3)")
    assert decode("RunPaused", 2, '{"by":"ann"}') == RunPaused("ann (3)")
    assert decode("RunPaused", 3, '{"by":"ann"}') == RunPaused("ann")
    assert decode("GateStarted", 1, encode(GATE)) == GATE


def test_a_version_that_no_upcaster_lifts_is_refused() -> None:
    with pytest.raises(StoreError, match="can not be read"):
        decode("RunPaused", SCHEMA_VERSION - 1, '{"by":"ann"}')


def test_there_is_an_upcaster_for_every_version_that_was() -> None:
    assert sorted(codec.UPCASTERS) == list(range(1, SCHEMA_VERSION))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ([], "an intent is an object whose kind is one of LaunchRun, PauseRun"),
        ({"kind": "Dance"}, "an intent is an object whose kind is one of"),
        ({"kind": "CancelTask"}, "CancelTask takes task"),
        ({"kind": "CancelTask", "task": 7}, "CancelTask takes task: expected str, found 7"),
        ({"kind": "CancelTask", "task": "t", "now": True}, "CancelTask has no now; it takes task"),
        ({"kind": "PauseRun", "task": "t"}, "PauseRun has no task; it takes nothing more"),
    ],
)
def test_an_intent_that_makes_no_sense_is_refused_in_one_sentence(raw: Json, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        intent_from(raw)


def test_an_intent_inside_an_event_keeps_its_kind() -> None:
    text = encode(events.IntentAccepted(IntentId(1), "ann", intents.CancelTask(TaskId("t"))))
    assert json.loads(text)["intent"] == {"task": "t", "kind": "CancelTask"}


def test_enums_are_written_by_their_words() -> None:
    assert encode(Failure(FailureKind.GATE, "no")) == '{"kind":"gate","detail":"no","output":""}'
