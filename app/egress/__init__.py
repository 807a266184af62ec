"""All requests to other hosts."""
