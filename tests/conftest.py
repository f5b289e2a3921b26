"""Settings that every suite shares; nothing that a single suite needs."""

from hypothesis import settings

# The same examples on every run: a red trunk is red for everyone. `make soak` looks where nobody has looked.
# No deadline: how long an example takes says more about the machine than about the product.
settings.register_profile("house", deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile("soak", deadline=None, derandomize=False, print_blob=True, max_examples=2_000)
settings.load_profile("house")
