"""The only way out to other hosts."""
