"""A real Prefect server, and what runs under it."""
