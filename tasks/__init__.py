"""One step each: thin Prefect tasks that call the core and return counts."""
