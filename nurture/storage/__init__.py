"""The database file and what guards it: opening, locks, literals, migrations."""
