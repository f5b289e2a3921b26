"""What a request is, and how rates are written."""

import pytest

from dashboard.pace import RATES, Kind, NoRate, caller_of, read_rates, route_of


@pytest.mark.parametrize(
    ("method", "path", "kind", "route"),
    [
        ("GET", "/api/v1/runs", Kind.READ, "runs"),
        ("POST", "/api/v1/runs", Kind.LAUNCH, "runs"),
        ("GET", "/api/v1/runs/a-1/feed", Kind.FEED, "runs/*/feed"),
        ("GET", "/api/v1/runs/a-1/tasks/feed", Kind.READ, "runs/*/tasks/*"),
        ("POST", "/api/v1/runs/a-1/intents", Kind.WRITE, "runs/*/intents"),
        ("POST", "/api/v1/plans/check", Kind.WRITE, "plans/*"),
        ("GET", "/metrics", Kind.READ, "/metrics"),
    ],
)
def test_a_request_is_known_by_its_route_not_by_the_names_in_it(method: str, path: str, kind: Kind, route: str) -> None:
    assert route_of(method, path) == (kind, route)


def test_rates_that_are_not_named_stay_as_they_are() -> None:
    rates = read_rates(" read=5/10 seconds, launch = 2 per hour ")
    assert (rates[Kind.READ].amount, rates[Kind.READ].get_expiry()) == (5, 10)
    assert (rates[Kind.LAUNCH].amount, rates[Kind.LAUNCH].get_expiry()) == (2, 3600)
    assert rates[Kind.WRITE] == RATES[Kind.WRITE]
    assert read_rates("") == RATES
    assert read_rates("off") == {}


@pytest.mark.parametrize("text", ["read", "read=", "read=fast", "reed=1/second", "read=0/second", "5/second"])
def test_what_is_no_rate_is_refused_with_its_words(text: str) -> None:
    with pytest.raises(NoRate, match="rate"):
        read_rates(text)


def test_a_caller_is_known_without_its_secret() -> None:
    assert "secret" not in caller_of("secret")
    assert caller_of("secret") != caller_of("other")
