"""Live cameras, as processes on a real file system, killed at random moments."""
