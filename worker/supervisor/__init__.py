"""The process that takes jobs and never loads a model."""
