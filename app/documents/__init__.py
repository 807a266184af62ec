"""What can be said of a document without opening it."""
