"""What people ask of the ledger: how things stand, why, what comes next, what a month came to."""
