"""What can be checked without opening a document: its format, and page ranges."""
