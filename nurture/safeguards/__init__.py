"""What holds a night back before it reaches people: approval, breakers, the kill switch, a restore, a hand."""
