"""Fairness, clocks and cores."""
