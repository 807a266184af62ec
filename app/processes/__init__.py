"""Child processes: how they start, live and end."""
