"""The secret keys of an installation: address hashes and signed links."""
