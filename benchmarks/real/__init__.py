"""Scores the CPU engine on public sets of real documents, each with the set's own measure."""
