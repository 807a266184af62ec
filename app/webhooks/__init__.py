"""Callbacks: an outbox of ended jobs, and the sender that delivers them."""
