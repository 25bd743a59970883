"""One step each: thin Prefect tasks that call the core and return counts.

``stepping`` runs the core's steps as task runs; ``seeing`` shows what they came to as artifacts, ``telling`` as events.
"""
