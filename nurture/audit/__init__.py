"""Proofs of the promises on any database: what each asks, and what breaks it."""
