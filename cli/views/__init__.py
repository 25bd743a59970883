"""What a person sees of an answer: sentences, tables, JSON."""
