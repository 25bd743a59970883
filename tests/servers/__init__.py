"""Stand-ins for the providers behind our channels: real sockets on 127.0.0.1, strict, scriptable, and with a truth of
their own. They are written from the providers' public documents, never from our clients.
"""
