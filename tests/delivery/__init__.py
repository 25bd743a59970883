"""At most once, whatever dies in between."""
