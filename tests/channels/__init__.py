"""Channels at their border: real sockets, real files."""
