"""HTTP in, HTTP out: turns requests into calls of the services, and what they say into answers."""
