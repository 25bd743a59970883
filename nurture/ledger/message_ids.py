"""What a message is called: its id follows from its kind and from what it is about, so that it cannot exist twice.

An id is for ever. It is how a provider's log, an attempt on disk and a restored ledger know a message again, so what
the text below says of a kind never changes; a new kind gets a line of its own.
"""


def about(row: str) -> str:
    """SQL: what a row with ``kind``, ``touch`` and ``subject`` is about, as its id says it."""
    return f"""CASE {row}.kind WHEN 'touch' THEN {row}.touch WHEN 'mark_notice' THEN '@' || {row}.subject
        WHEN 'goal_notice' THEN '@goal' WHEN 'reply_card' THEN '@reply:' || {row}.subject END"""


def digest(row: str, leg: str, resend: str = "NULL") -> str:
    """SQL: the 32 hex digits of the id of a row's message; ``resend`` is the number of a copy, NULL of the first."""
    return f"""md5(concat_ws('|', 'message', {row}.journey, {row}.lead_id, {about(row)}, {row}.enrolment_number,
        {leg}, {resend}))"""


def name_of_message(row: str) -> str:
    """SQL: what people call it within its journey: the touch's key, or its kind."""
    return f"CASE {row}.kind WHEN 'touch' THEN {row}.touch ELSE {row}.kind END"
