from dashboard.lanes import lanes_of
from state.candidate import Candidate
from state.ids import CandidateId, Sha


def candidate(name: str, *paths: str) -> Candidate:
    return Candidate(CandidateId(name), Sha("h"), Sha("b"), None, paths)


def test_candidates_that_share_no_path_stand_in_lanes_of_their_own() -> None:
    assert lanes_of([candidate("a", "one"), candidate("b", "two"), candidate("c")]) == {"a": 1, "b": 2, "c": 3}


def test_a_lane_is_joined_by_a_candidate_between_two_others() -> None:
    train = [candidate("a", "one"), candidate("b", "two"), candidate("c", "three"), candidate("d", "two", "one")]
    assert lanes_of(train) == {"a": 1, "b": 1, "c": 2, "d": 1}
