"""The sandboxed processes that open documents."""
