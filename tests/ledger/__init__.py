"""Where a message may go."""
