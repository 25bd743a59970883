"""Tests mirror the tree; the helpers among them are imported as `tests.<name>`."""
