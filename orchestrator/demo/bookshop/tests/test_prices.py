import unittest

from shop.prices import RULES, total


class Prices(unittest.TestCase):
    def test_every_rule_is_applied_in_order(self) -> None:
        cents = 1000
        for rule in RULES:
            cents = rule(cents)
        self.assertEqual(total(1000), cents)


if __name__ == "__main__":
    unittest.main()
