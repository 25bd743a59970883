"""What is stored is what the migrations make."""
