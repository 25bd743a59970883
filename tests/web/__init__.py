"""The web process under strangers, readers and providers."""
