"""What the doctor sees before the first mail."""
