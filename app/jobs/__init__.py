"""Jobs: their record, their queue, and every transition between states."""
