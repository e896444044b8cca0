"""Storage that fails: every kind of error at every operation, and cards that are full."""
