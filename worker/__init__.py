"""The worker: a supervisor with lanes, an engine host, page processes."""
