"""How many docks and links a prison needs, and when the last camera of a shift is ready."""
