"""Why somebody got something, or nothing."""
