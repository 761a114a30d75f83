"""Programs that record facts about the built-in kinds from a running server and published sources."""
