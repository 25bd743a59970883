"""Files as they come."""
