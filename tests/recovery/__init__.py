"""Backup and the way back."""
