"""The built-in kinds: what there is, in what they differ, and what the server fills in."""
