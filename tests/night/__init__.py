"""The night, by hand, by property and against a second reading."""
