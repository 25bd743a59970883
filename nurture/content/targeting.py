"""Whom a content file fits, as SQL over ``lead`` and ``account``; and of several that fit, which is the most
specific.
"""

from collections.abc import Sequence

from nurture.content.catalogue import ContentFile
from nurture.storage.sql import literal, texts


def fits(file: ContentFile, policy_language: str) -> str:
    """The predicate that a file is for a person. What is not known of them, or not to be used, fits no condition."""
    if not file.language:
        return _whom(file)
    return f"({_same_language(file, policy_language)} OR {_wider_language(file, policy_language)}) AND {_whom(file)}"


def most_specific(files: Sequence[tuple[int, ContentFile]], policy_language: str) -> str:
    """The number of the best of these files for a person, NULL when none fits.

    First the language (the person's own, its wider tag, none), then the number of conditions, then the path.
    """
    choices: list[tuple[int, int, str, str, int]] = []
    for number, file in files:
        rank = (-file.conditions, file.path.as_posix())
        if file.language:
            same = f"{_same_language(file, policy_language)} AND {_whom(file)}"
            wider = f"{_wider_language(file, policy_language)} AND {_whom(file)}"
            choices += [(0, *rank, same, number), (1, *rank, wider, number)]
        else:
            choices.append((2, *rank, _whom(file), number))
    cases = " ".join(f"WHEN {predicate} THEN {number}" for *_, predicate, number in sorted(choices))
    return f"CASE {cases} END" if cases else "NULL"


def _tag(policy_language: str) -> str:
    return f"coalesce(lead.wished_language, lead.language, {literal(policy_language)})"


def _same_language(file: ContentFile, policy_language: str) -> str:
    return f"{_tag(policy_language)} = {literal(file.language)}"


def _wider_language(file: ContentFile, policy_language: str) -> str:
    return f"starts_with({_tag(policy_language)}, {literal(f'{file.language}-')})"


def _whom(file: ContentFile) -> str:
    conditions = []
    if file.roles:
        conditions.append(f"coalesce(lead.role IN {texts(*file.roles)}, false)")
    if file.industries:
        conditions.append(f"coalesce(account.industry IN {texts(*file.industries)}, false)")
    if file.smallest is not None:
        conditions.append(f"coalesce(account.employees >= {file.smallest}, false)")
    if file.largest is not None:
        conditions.append(f"coalesce(account.employees <= {file.largest}, false)")
    if conditions:
        conditions.insert(0, "NOT lead.impersonal")
    return "(" + (" AND ".join(conditions) or "true") + ")"
