"""What model code sees: the vocabulary of signatures, reports while running, and the schemas made from a signature."""
