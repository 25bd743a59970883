"""The texts and the company that we ship."""
