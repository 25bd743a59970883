"""From a frozen message to a provider and back: claimed, written down, sent, recorded, looked for."""
