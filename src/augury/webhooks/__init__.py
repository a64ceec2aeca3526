"""Tells the outside of each change: the only part of the server that calls out."""
