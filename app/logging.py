"""Logging: one line an entry on standard error."""

import logging

from app.settings import Settings


def configure(settings: Settings) -> None:
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    for library in ("httpx", "httpcore"):  # they log URLs with their query strings, and the headers of answers
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of every form that is broken
