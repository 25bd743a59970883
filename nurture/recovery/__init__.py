"""Upkeep of a home: one file that holds all of it, and the way back."""
