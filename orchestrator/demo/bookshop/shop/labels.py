"""Labels for the shelf."""

from shop.catalogue import Book


def shelf_label(book: Book, width: int = 20) -> str:
    """The title and the price, cut to fit."""
    return f"{book.title} {book.cents / 100:.2f}"[:width]
