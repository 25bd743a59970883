"""The core: decisions, ledger, channels. Knows nothing of Prefect; importing it does nothing."""
