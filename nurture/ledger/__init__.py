"""The ledger: where messages stand, how they move, and what their ids are."""
