"""The night: what is known, who moves, what is due, what is held back, and the words for it."""
