"""Which walls a test can count on.

Never: the product's own trial of landlock, which would let walls that do not hold pass for a machine that has none.
"""

from agents.landlocked import OLDEST, version


def no_landlock() -> str:
    """Why this kernel has none that is good enough; "" where it has."""
    found = version()
    return "" if found >= OLDEST else f"this kernel has landlock {found}, and {OLDEST} is needed"
