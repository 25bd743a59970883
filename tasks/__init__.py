"""One step each: thin Prefect tasks that call the core and return counts.

``step_runs`` runs the core's steps as task runs; ``artifacts`` shows what they came to,
``events`` tells of it.
"""
