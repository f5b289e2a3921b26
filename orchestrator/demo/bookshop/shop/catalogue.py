"""The books on the shelf."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Book:
    isbn: str
    title: str
    cents: int


SHELF = (
    Book("978-1", "The Art of Merging", 2500),
    Book("978-2", "A Tree of Work", 1800),
    Book("978-3", "Journey to the West", 3200),
)


def by_isbn(isbn: str) -> Book:
    """The book with this number; KeyError when the shelf has none."""
    for book in SHELF:
        if book.isbn == isbn:
            return book
    raise KeyError(isbn)
