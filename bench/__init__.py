"""Measurements, each beside the peers it is held against, in the same run."""
