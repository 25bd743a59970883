"""Rendering: from a content file and what we know of a person to the frozen words of one message.

``contexts`` takes from the database what texts need, ``workers`` and ``shards`` render in processes of their own (with
the compiled templates of ``nurture/templates``), ``freeze`` brings the fingerprints back to the ledger.
"""
