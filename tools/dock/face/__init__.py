"""What people and lights see of a rack: the table, the undock gate, forecasts, cameras that are not back."""
