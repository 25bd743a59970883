"""Signed addresses: each opens one door, for one message, and nothing else does (66, 68)."""

from datetime import UTC, datetime, timedelta

import pytest

from models import ConsentScope
from nurture.keys.signed_links import Confirming, Followed, Tokens

ID = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
URL = "https://pages.example"
OLD, NEW = Tokens(b"o" * 32, URL), Tokens(b"n" * 32, URL, retired=(b"o" * 32,))


def of(url: str) -> str:
    return url.rpartition("/")[2]


LEAVE = of(OLD.unsubscribe_url(ID))
FOLLOW = of(OLD.link_url(ID, "https://us.example/a?b=ü"))
PREFER = of(OLD.preferences_url(ID))
CONFIRM = of(OLD.confirm_url(ID, ConsentScope.EMAIL, NOW))


def test_each_token_says_what_was_signed() -> None:
    assert OLD.leaver(LEAVE) == ID
    assert OLD.followed(FOLLOW) == Followed(ID, "https://us.example/a?b=ü")
    assert OLD.preferring(PREFER) == ID
    assert OLD.confirming(CONFIRM, NOW) == Confirming(ID, ConsentScope.EMAIL, NOW)
    assert OLD.replied(OLD.reply_name(ID)) == ID


def opened(tokens: Tokens, token: str) -> list[object]:
    return [
        tokens.leaver(token), tokens.followed(token), tokens.preferring(token), tokens.confirming(token, NOW),
        tokens.replied(token),
    ]  # fmt: skip


@pytest.mark.parametrize("token", [LEAVE, FOLLOW, PREFER, CONFIRM, OLD.reply_name(ID)])
def test_66_a_token_opens_one_door_only(token: str) -> None:
    assert sum(door is not None for door in opened(OLD, token)) == 1


@pytest.mark.parametrize("token", [LEAVE, FOLLOW, PREFER, CONFIRM, OLD.reply_name(ID)])
def test_66_a_token_with_any_character_changed_or_cut_off_opens_nothing(token: str) -> None:
    for place in range(len(token)):
        other = "b" if token[place] == "a" else "a"
        assert not any(opened(OLD, token[:place] + other + token[place + 1 :]))
        assert not any(opened(OLD, token[:place]))


@pytest.mark.parametrize("token", ["", ".", "x.y", "é", "a" * 5000, f"{ID}.", f".{ID}", "\ud800.a", "r+", "r+é", "%00"])
def test_66_what_was_never_signed_opens_nothing(token: str) -> None:
    assert not any(opened(OLD, token))


def test_66_a_new_key_keeps_open_what_went_out_and_an_unknown_key_opens_nothing() -> None:
    assert NEW.leaver(LEAVE) == ID
    assert NEW.replied(OLD.reply_name(ID)) == ID
    assert OLD.leaver(of(NEW.unsubscribe_url(ID))) is None
    assert OLD.replied(NEW.reply_name(ID)) is None


def test_a_confirmation_is_open_for_seven_days() -> None:
    assert OLD.confirming(CONFIRM, NOW + timedelta(days=7))
    assert OLD.confirming(CONFIRM, NOW + timedelta(days=7, seconds=1)) is None


def test_a_reply_address_survives_a_change_of_case_and_fits_a_mailbox_name() -> None:
    name = OLD.reply_name(ID)
    assert len(name) <= 64
    assert name == name.lower()
    assert OLD.replied(name.upper()) == ID
