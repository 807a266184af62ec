"""The HTTP service, and the domain that API and worker share."""

__version__ = "0.1.0"
