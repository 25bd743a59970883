"""From a decision to frozen words."""
