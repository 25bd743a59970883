"""Rendering: from a content file and what we know of a person to the frozen words of one message.

``pieces`` and ``paragraphs`` take a text apart and write it as HTML and plain text, ``compiling`` puts it into its
frame, once a file; ``engine`` runs it for a reader, in the ``sandbox``; ``contexts``, ``shards`` and ``freezing``
do that for a night's messages in processes of their own and bring the fingerprints back to the ledger.
"""
