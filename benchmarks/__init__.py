"""The benchmark suite: what `make bench` runs and prints."""
