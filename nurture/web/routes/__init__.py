"""The routes of the web process, one module a group."""
