"""The weights that the structural merge is shipped with.

Never: weights from anywhere else.
"""

from functools import cache
from pathlib import Path

from conflict.merge import whole
from conflict.merge.weights import Weights, read_weights


@cache
def shipped_weights() -> Weights:
    return read_weights(Path(whole.__file__).with_name("weights.json").read_text(encoding="utf-8"))
