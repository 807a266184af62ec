"""Checks that do not open a document: its format, and page ranges."""
