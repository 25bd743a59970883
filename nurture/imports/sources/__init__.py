"""Sources: rows as they come, with their header and where they are from."""
