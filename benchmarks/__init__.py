"""Measured claims: each against a floor, in the same run, as a ratio."""
