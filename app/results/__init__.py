"""What a job yields, and the forms it is sent in."""
