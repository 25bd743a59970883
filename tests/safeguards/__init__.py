"""What holds a night back."""
