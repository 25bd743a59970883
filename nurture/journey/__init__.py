"""Journeys as typed Python: what a marketer writes, and how it is read, said and checked."""
