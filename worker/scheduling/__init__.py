"""Turns, clocks and cores."""
