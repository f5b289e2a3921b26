"""The chain: who is probed on top of whom, gated when, and landed together."""

from conflict.train import TOGETHER
from state import intents
from state.commands import AskPerson
from state.events import CandidateProbed, ConflictFound, RunPaused, RunResumed, TrunkMoved
from state.failure import Failure, FailureKind
from state.ids import Sha
from state.standing import Gate
from tests.support.trainbook import T0, cid, failed, on, train_of


def test_nothing_is_decided_for_an_empty_train() -> None:
    train_of("a").expect()


def test_a_candidate_is_probed_gated_and_landed() -> None:
    book = train_of("a").proposed("a")
    book.expect(book.probe(T0, "a")).expect()
    book.clean(T0, "a")
    book.expect(book.checks("a")).expect()
    book.green("a")
    book.expect(book.land("a")).expect()
    book.landed().expect()
    assert book.run.trunk == on(T0, "a")


def test_without_a_gate_a_clean_candidate_lands_at_once() -> None:
    book = train_of("a", gate=False).proposed("a").clean(T0, "a")
    book.expect(book.land("a"))


def test_candidates_are_probed_each_on_top_of_those_ahead_in_one_batch() -> None:
    book = train_of("a", "b", "c").proposed("a").proposed("b").proposed("c")
    book.expect(book.probe(T0, "a", "b", "c"))


def test_a_newcomer_is_probed_on_the_last_of_the_chain() -> None:
    book = train_of("a", "b").proposed("a").clean(T0, "a").proposed("b")
    book.expect(book.probe(on(T0, "a"), "b"), book.checks("a"))


def test_one_probe_is_under_way_at_a_time() -> None:
    book = train_of("a", "b").proposed("a")
    book.expect(book.probe(T0, "a"))
    book.proposed("b").expect()
    book.clean(T0, "a")
    book.expect(book.probe(on(T0, "a"), "b"), book.checks("a"))


def test_a_batch_has_at_most_32_candidates() -> None:
    names = [f"t{number}" for number in range(40)]
    book = train_of(*names)
    for name in names:
        book.proposed(name)
    book.expect(book.probe(T0, *names[:32]))


def test_gates_run_in_parallel_up_to_the_limit() -> None:
    book = train_of("a", "b", "c", gates=2).proposed("a").proposed("b").proposed("c").clean(T0, "a", "b", "c")
    book.expect(book.checks("a"), book.checks("b")).expect()
    book.green("b")
    book.expect(book.checks("c"))


def test_a_gate_that_still_runs_for_a_former_commit_holds_its_place() -> None:
    book = train_of("a", gates=1).proposed("a").clean(T0, "a")
    book.gates = 1
    book.expect()
    book.gates = 0
    book.expect(book.checks("a"))


def test_the_longest_green_prefix_lands_in_one_go() -> None:
    book = train_of("a", "b", "c", "d")
    for name in "abcd":
        book.proposed(name)
    book.clean(T0, "a", "b", "c", "d")
    book.expect(*(book.checks(name) for name in "abcd"))
    book.green("b", "d").expect()
    book.green("a")
    book.expect(book.land("a", "b"))
    book.green("c").expect()  # one landing at a time
    book.landed()
    book.expect(book.land("c", "d"))


def test_without_a_gate_clean_candidates_land_together_while_more_are_probed() -> None:
    names = [f"t{number}" for number in range(TOGETHER + 1)]
    book = train_of(*names, gate=False)
    for name in names:
        book.proposed(name)
    book.clean(T0, *names[: TOGETHER - 1])
    book.probing = True
    book.expect()
    book.clean(on(T0, *names[: TOGETHER - 1]), names[TOGETHER - 1])
    book.probing = True
    book.expect(book.land(*names[:TOGETHER]))


def test_a_green_candidate_lands_while_more_are_probed() -> None:
    book = train_of("a", "b").proposed("a").clean(T0, "a")
    book.expect(book.checks("a")).proposed("b")
    book.expect(book.probe(on(T0, "a"), "b"))
    book.green("a")
    book.expect(book.land("a"))


def test_a_landing_that_is_not_dispatched_yet_is_not_begun_twice() -> None:
    book = train_of("a", gate=False).proposed("a").clean(T0, "a")
    book.landing = True
    book.expect()


def test_candidates_behind_a_landing_stay_as_they_were_probed() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a", "b")
    book.expect(book.checks("a"), book.checks("b")).green("a")
    book.expect(book.land("a")).expect()
    book.landed().expect()
    book.green("b")
    book.expect(book.land("b"))


def test_a_newcomer_during_a_landing_is_probed_on_what_is_landing() -> None:
    book = train_of("a", "b", gate=False).proposed("a").clean(T0, "a")
    book.expect(book.land("a")).proposed("b")
    book.expect(book.probe(on(T0, "a"), "b"))


def test_what_the_trunk_holds_already_needs_no_gate_and_lands_where_it_stands() -> None:
    book = train_of("a", "b").proposed("a").proposed("b")
    book.clean(T0, "a").clean(on(T0, "a"), "b")
    state = book.run.candidates[cid("b")]
    state.commit = state.onto  # the probe found that `a` brings all of it
    book.expect(book.checks("a")).green("a")
    book.expect(book.land("a", "b"))


def test_candidate_behind_a_failed_one_is_probed_again() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a", "b")
    book.expect(book.checks("a"), book.checks("b")).red("a")
    # b was merged on top of a, which can not land: it is probed without it at once.
    book.expect(book.drop("a", failed()), book.probe(T0, "b"))
    book.dropped("a").clean(T0, "b")
    book.expect(book.checks("b")).green("b")
    book.expect(book.land("b"))


def test_a_red_candidate_behind_others_waits_and_those_behind_go_on_without_it() -> None:
    book = train_of("a", "b", "c")
    for name in "abc":
        book.proposed(name)
    book.clean(T0, "a", "b", "c")
    book.expect(*(book.checks(name) for name in "abc")).red("b")
    book.expect(book.probe(on(T0, "a"), "c"))
    book.clean(on(T0, "a"), "c")
    book.expect(book.checks("c")).green("a", "c")
    book.expect(book.land("a", "c")).landed()
    # What b was red on is on the trunk now: it was red for good.
    book.expect(book.drop("b", failed()))


def test_a_red_candidate_is_probed_and_gated_again_when_the_one_ahead_goes() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a", "b")
    book.expect(book.checks("a"), book.checks("b")).red("b").expect()
    book.red("a")
    book.expect(book.drop("a", failed()), book.probe(T0, "b")).dropped("a").clean(T0, "b")
    book.expect(book.checks("b"))


def test_a_red_gate_without_a_story_still_says_that_it_was_the_gate() -> None:
    book = train_of("a").proposed("a").clean(T0, "a")
    book.run.candidates[cid("a")].gate = Gate.RED
    book.expect(book.drop("a", Failure(FailureKind.GATE, "the gate failed")))


def test_after_a_moved_trunk_all_are_probed_and_gated_again() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a", "b")
    book.expect(book.checks("a"), book.checks("b")).green("a", "b")
    book.expect(book.land("a", "b")).refused(Sha("T2"))
    book.expect(book.probe(Sha("T2"), "a", "b")).clean(Sha("T2"), "a", "b")
    book.expect(book.checks("a"), book.checks("b"))


def test_a_refusal_that_changes_nothing_is_tried_again() -> None:
    book = train_of("a", gate=False).proposed("a").clean(T0, "a")
    book.expect(book.land("a")).refused(T0)
    book.expect(book.land("a"))


def test_on_a_shadow_the_same_merges_land() -> None:
    book = train_of("a", gate=False).proposed("a").clean(T0, "a")
    book.expect(book.land("a")).refused(T0, "refs/tianting/trunk/main")
    book.expect(book.land("a"))
    assert book.run.landing is not None
    assert book.run.landing.ref == "refs/tianting/trunk/main"


def test_a_trunk_moved_by_somebody_else_is_seen_without_a_landing() -> None:
    book = train_of("a").proposed("a").clean(T0, "a").hear(TrunkMoved(T0, Sha("T2")))
    book.expect(book.probe(Sha("T2"), "a"))


def test_a_new_order_is_probed_in_that_order() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a", "b")
    book.wish(intents.ReorderTrain((cid("b"),)))
    # Should b not merge there, then a stands as it is: it waits for the answer.
    book.expect(book.probe(T0, "b")).clean(T0, "b")
    book.expect(book.probe(on(T0, "b"), "a"), book.checks("b"))


def test_what_stands_behind_a_newcomer_in_the_middle_keeps_its_gate_when_that_does_not_merge() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a", "b")
    book.expect(book.checks("a"), book.checks("b")).green("a")
    book.wish(intents.ReorderTrain((cid("b"),)))
    book.expect(book.probe(T0, "b")).clash(T0, "b")
    [asked, landing] = book.decide()
    assert isinstance(asked, AskPerson)
    assert landing == book.land("a")


def test_a_paused_run_gates_and_lands_nothing_and_goes_on_when_resumed() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a", "b")
    book.expect(book.checks("a"), book.checks("b")).green("a").hear(RunPaused("ann")).expect()
    book.hear(RunResumed("ann"))
    book.expect(book.land("a"))


def test_a_paused_run_starts_no_gate() -> None:
    book = train_of("a").proposed("a").clean(T0, "a").hear(RunPaused("ann")).expect()
    book.hear(RunResumed("ann"))
    book.expect(book.checks("a"))


def test_a_stale_probe_of_a_candidate_that_has_gone_changes_nothing() -> None:
    book = train_of("a", "b").proposed("a").proposed("b")
    book.expect(book.probe(T0, "a", "b")).wish(intents.DropCandidate(cid("a")))
    book.expect(book.drop("a", Failure(FailureKind.CANCELLED, "dropped by ann")))
    a = book.value("a")
    book.dropped("a").hear(CandidateProbed(a.id, a.task, T0, on(T0, "a")), ConflictFound(a.id, a.task, T0, ()))
    assert [state.value.id for state in book.run.in_train()] == [cid("b")]


def test_a_long_train_is_decided_in_few_steps() -> None:
    length = 200
    names = [f"t{number}" for number in range(length)]
    book = train_of(*names, gate=False)
    for name in names:
        book.proposed(name)
    onto, rounds = T0, 0
    while book.run.train:
        rounds += 1
        for order in book.decide():
            book.begin(order)
        if book.probing:
            waiting = [str(s.value.task) for s in book.run.in_train() if s.onto is None][:32]
            for name in waiting:
                book.clean(onto, name)
                onto = on(onto, name)
        if book.landing:
            book.landed()
    assert rounds <= length // 32 + 2
    assert book.run.landed == names
