"""What a text may say, and what it may not."""
