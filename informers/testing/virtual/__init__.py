"""Virtual time: the same code as in production, one task at a time, from a seed."""
