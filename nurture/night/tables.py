"""The temporary tables that the steps of a night hand on to each other.

``standing`` and the facts of a journey, which claims and explanations read too, are ``facts.py``'s.
"""

from nurture.storage.temp_tables import DAY, MOMENT, TEXT, RowTable, TempTable

LEAVING = TempTable("night", "leaving")
"""Enrolments that end, with the reason."""

ENTERING = TempTable("night", "entering")
"""Leads that enter a journey, with the enrolment that this interrupts."""

STAGES = TempTable("night", "stage")
"""The stages of a journey by position, with their rules' words."""

MOVING = TempTable("night", "moving")
"""Enrolments that move, from which position to which."""

DUE_PAIRS = TempTable("night", "due_pair")
"""Every due pair, stale ones too."""

SLOTS = RowTable("night", "slot", {"zone": TEXT, "country": TEXT, "send_day": DAY, "opens": MOMENT, "closes": MOMENT})
"""The next window of each place."""

HANDLERS = TempTable("night", "handler")
"""The employees, with their next window."""

REACH = TempTable("night", "reach")
"""How each lead of a due pair can be reached, and what forbids it."""

PAIRS = TempTable("night", "pair")
"""The considered pairs, numbered, each with the leg that works or the fault."""

ALIVE = TempTable("night", "alive")
"""The pairs that nothing has held back so far."""

HELD_BACK = TempTable("night", "held_back")
"""The others, with verdict and reason."""

LOSERS = TempTable("night", "loser")
"""What one rule takes out."""
