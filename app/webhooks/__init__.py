"""Callbacks: an outbox of ended jobs, and the sender that empties it."""
