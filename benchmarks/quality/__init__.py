"""A quality set: documents by real typesetters with exact truth, their scans, and scores."""
