"""Notices: internal messages that no marketer writes, told apart from touches."""

GOAL_NOTICE = "@goal"

REPLY_NOTICE = "@reply:"
"""How the touch key begins of a card that tells of a reply; what follows tells the replies of one walk apart."""


def notice_key(mark: str) -> str:
    """The touch key of the task that tells sales of a mark; no marketer's key begins like this."""
    return f"@{mark}"


NOTICE = "starts_with(d.touch, '@')"
"""Sales must be told in the end, however late: a notice has no grace."""
