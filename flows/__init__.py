"""What runs, and when. Flows read top to bottom; they order the steps and decide nothing themselves."""
