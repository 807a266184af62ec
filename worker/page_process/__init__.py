"""The processes that open documents, in their sandbox."""
