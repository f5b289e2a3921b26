"""What a customer pays."""


def nothing(cents: int) -> int:
    return cents


RULES = [
    nothing,
]


def total(cents: int) -> int:
    """The price after every rule, in cents."""
    for rule in RULES:
        cents = rule(cents)
    return cents
