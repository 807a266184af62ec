"""Results of jobs, and the formats they are sent in."""
