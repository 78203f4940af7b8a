"""What whoever runs an installation needs of it: whether it is well, what it did, and what it lets through its door."""
