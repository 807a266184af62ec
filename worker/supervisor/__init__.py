"""The process that claims jobs and never loads a model."""
