"""What people allow and want, and that it holds."""
