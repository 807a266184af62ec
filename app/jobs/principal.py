"""Whose a job is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Principal:
    """Who sends a request: the owner of the jobs, idempotency keys and turns that it leads to."""

    client: str
    """The name that the store has for the owner; no part of it is secret."""


ANONYMOUS = Principal("anonymous")
"""Everybody, while the API has no authentication."""
