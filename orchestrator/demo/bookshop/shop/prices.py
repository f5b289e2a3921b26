"""What a customer pays."""

PERCENT_OFF = 0


def less_discount(cents: int) -> int:
    return cents * (100 - PERCENT_OFF) // 100


RULES = [
    less_discount,
]


def total(cents: int) -> int:
    """The price after every rule, in cents."""
    for rule in RULES:
        cents = rule(cents)
    return cents
