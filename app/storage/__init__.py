"""File storage: blobs, and the quota for them."""
