"""What is kept in files: blobs, and how much of them."""
