"""Signed links and hashed addresses."""
