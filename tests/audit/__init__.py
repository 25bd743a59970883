"""Promises, proved and broken."""
