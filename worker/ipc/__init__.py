"""What passes between processes."""
