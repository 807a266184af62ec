"""All requests to other hosts go through here."""
