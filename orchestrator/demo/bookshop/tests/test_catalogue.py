import unittest

from shop.catalogue import SHELF, by_isbn


class Catalogue(unittest.TestCase):
    def test_every_book_is_found_by_its_number(self) -> None:
        for book in SHELF:
            self.assertEqual(by_isbn(book.isbn), book)

    def test_a_number_nobody_has_is_an_error(self) -> None:
        with self.assertRaises(KeyError):
            by_isbn("none")


if __name__ == "__main__":
    unittest.main()
