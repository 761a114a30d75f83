"""The REST face: one request in, one answer out, whatever carries them."""
