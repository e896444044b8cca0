"""Real storage beside its model, call by call."""
