"""Templates: from a content file to what runs for a reader, behind a grammar and a sandbox."""
