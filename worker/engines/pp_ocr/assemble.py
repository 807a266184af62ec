"""The pages' markdown into the document's."""

from collections.abc import Iterable

from app.results import Page


def markdown(pages: Iterable[Page]) -> str:
    """One text, pages in order and apart by a blank line; empty and failed ones leave no trace."""
    return "\n\n".join(text for page in pages if (text := page.markdown.strip()))
