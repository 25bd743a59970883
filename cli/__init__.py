"""The `nurture` command: what a person types, and what they see."""
