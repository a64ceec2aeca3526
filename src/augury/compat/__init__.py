"""Other people's clients on the same services: each call of theirs is a prediction like any other."""
