"""What comes in from outside: ``nurture import staff|accounts|leads|consents|events FILE``.

A file is taken in whole or not at all; a row that cannot be used is left out, reported and kept.
"""
