"""How rules are said, in English and Chinese, and the names that people read instead of stored words."""

from dataclasses import dataclass, replace
from itertools import pairwise

from nurture.vocabulary import Language, Words

JOINT = {"and": {"en": " and ", "zh": "，并且"}, "or": {"en": " or ", "zh": "，或者"}}
NEVER = "never"
"""The joint of an English ``never …``, which would reach over any other joint: joined, it stands in parentheses."""


@dataclass(frozen=True)
class Sentence:
    """Words; the joint that holds them together (so that mixed joints get parentheses); and how to deny them.

    Without a ``denial`` the opposite is ``not (…)``.
    """

    text: str
    joint: str = ""
    denial: "Sentence | None" = None


def joined(parts: list[Sentence], joint: str, language: Language) -> Sentence:
    """``a and b``; parts that are joined otherwise stand in parentheses. One part stays as it is."""
    if len(parts) == 1:
        return parts[0]
    texts = [in_brackets(part, language) if part.joint not in ("", joint) else part.text for part in parts]
    return Sentence(JOINT[joint][language].join(texts), joint)


def negated(part: Sentence, language: Language) -> Sentence:
    """``never a``, ``a is not b``, or else ``not (a)``."""
    if part.denial:
        return replace(part.denial, denial=part)
    return Sentence(("not " if language == "en" else "并非") + in_brackets(part, language), denial=part)


def in_brackets(part: Sentence, language: Language) -> str:
    """``(a)``, in the language's own brackets."""
    return f"({part.text})" if language == "en" else f"（{part.text}）"


def side_by_side(language: Language, *words: str) -> str:
    """English words with spaces; Chinese without, but for one between Chinese and a digit or a Latin letter."""
    present = [word for word in words if word]
    if language == "en":
        return " ".join(present)
    return "".join(present[:1]) + "".join(
        f" {after}" if _scripts_meet(before[-1], after[0]) else after for before, after in pairwise(present)
    )


def _scripts_meet(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and left.isascii() != right.isascii()


COMPARED = {
    "=": Words("is", "是"),
    "!=": Words("is not", "不是"),
    "<": Words("is less than", "低于"),
    "<=": Words("is at most", "不超过"),
    ">": Words("is more than", "超过"),
    ">=": Words("is at least", "不低于"),
}
COMPARED_DATES = {**COMPARED, "<": Words("is before", "早于"), ">=": Words("is not before", "不早于")}
COMPARED_NUMBERS = {**COMPARED, "=": Words("is", "等于"), "!=": Words("is not", "不等于")}
MISSING = {"=": Words("is missing", "为空"), "!=": Words("is not missing", "不为空")}
OPPOSITE = {"=": "!=", "!=": "="}
ONE_OF = Words("is one of", "是")


def compared(label: str, comparison: str, value: str | None, verbs: dict[str, Words], language: Language) -> Sentence:
    """``the lead's role is user``; no value means: missing. Only ``=`` and ``!=`` are each other's denial."""

    def said(sign: str) -> str:
        verb = (MISSING if value is None else verbs)[sign].said(language)
        return side_by_side(language, label, verb, value or "")

    opposite = OPPOSITE.get(comparison)
    return Sentence(said(comparison), denial=Sentence(said(opposite)) if opposite else None)


def one_of(label: str, values: list[str], verbs: dict[str, Words], language: Language) -> Sentence:
    """``the lead's role is one of user, technical or finance``."""
    if len(values) == 1:
        return Sentence(side_by_side(language, label, verbs["="].said(language), values[0]))
    comma, last = (", ", "or") if language == "en" else ("、", "或")
    listed = side_by_side(language, comma.join(values[:-1]), last, values[-1])
    return Sentence(side_by_side(language, label, ONE_OF.said(language), listed))


SINCE = {
    "journey": Words("during the journey", "旅程期间"),
    "stage": Words("in this stage", "本阶段内"),
    "ever": Words("", ""),
}
LAST_DAYS_OF = {
    "journey": Words("of the journey", "旅程中"),
    "stage": Words("of this stage", "本阶段中"),
    "ever": Words("", ""),
}


def did_sentence(
    name: str | None, times: int, within: int | None, since: str, about: str | None, language: Language
) -> Sentence:
    """``attended a webinar at least 2 times in the last 30 days``; no name means: spoke to us."""
    when = _period(within, since, language)
    said = _did_in_chinese if language == "zh" else _did_in_english
    denial = said(name, times, about, when, denied=True)
    reaches = NEVER if language == "en" and times == 1 else ""
    return Sentence(said(name, times, about, when, denied=False), denial=Sentence(denial, reaches))


def _did_in_english(name: str | None, times: int, about: str | None, when: str, *, denied: bool) -> str:
    often = f"{'fewer than' if denied else 'at least'} {times} times" if times > 1 else ""
    never = "never" if denied and times == 1 else ""
    return side_by_side("en", never, name or "spoke to us", f"about {about}" if about else "", often, when)


def _did_in_chinese(name: str | None, times: int, about: str | None, when: str, *, denied: bool) -> str:
    often = f"{'不足' if denied else '至少'} {times} 次" if times > 1 else ""
    never = ("未" if when else "从未") if denied and times == 1 else ""
    what = side_by_side("zh", never, name or "与我们交流")
    return side_by_side("zh", when, what, f"（关于 {about}）" if about else "", often)


def _period(within: int | None, since: str, language: Language) -> str:
    if within is None:
        return SINCE[since].said(language)
    of = LAST_DAYS_OF[since].said(language)
    if language == "zh":
        return f"{of}最近 {within} 天内"
    return side_by_side("en", f"in the last {within} days", of)


CONSENT = {
    "email": Words("email", "接收邮件"),
    "wecom": Words("WeCom", "通过企业微信联系"),
    "phone": Words("phone calls", "接听电话"),
}


def consented_sentence(scope: str, language: Language) -> Sentence:
    """``consented to email``."""
    what = CONSENT[scope].said(language)
    did, never = (
        (f"consented to {what}", f"no consent to {what}") if language == "en" else (f"同意{what}", f"未同意{what}")
    )
    return Sentence(did, denial=Sentence(never))
