"""The weights that the product is shipped with, for tests of pure rooms."""

from pathlib import Path

from conflict.merge.weights import read_weights

SHIPPED = read_weights((Path(__file__).parents[2] / "conflict" / "merge" / "weights.json").read_text(encoding="utf-8"))
