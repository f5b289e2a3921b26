"""Routes: a path to the function that answers it."""

from shop.catalogue import SHELF


def books() -> list[dict[str, object]]:
    return [{"isbn": book.isbn, "title": book.title, "cents": book.cents} for book in SHELF]


ROUTES = {
    "GET /books": books,
}
