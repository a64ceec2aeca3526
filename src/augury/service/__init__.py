"""What can be asked for: each public method one thing, decided here and stored in one transaction."""
