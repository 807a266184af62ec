"""The store: its client, its server, its keys."""
