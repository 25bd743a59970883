"""The commands around sending, as a person types them: what they say, what they end with, what lies on disk after."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.homes.sending import NIGHT, NOON, Command, copy_over, edit, rows, states, type_in

PAGE = Path("outbox") / NIGHT / "index.html"


@pytest.fixture(scope="module")
def afternoon(morning: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The morning after its letters were sent."""
    home = copy_over(tmp_path_factory.mktemp("afternoon") / "home", morning)
    with pytest.MonkeyPatch.context() as patch:
        assert type_in(patch, home, "dispatch", "--now", NOON) == 0
    return home


def first_message(home: Path) -> str:
    return str(
        rows(home, "SELECT message.id FROM message JOIN lead ON lead.id = lead_id WHERE external_id = 'L1'")[0][0]
    )


# -- a day -------------------------------------------------------------------------------------------------------------


def test_from_the_night_to_the_outbox_and_nothing_twice(nurture: Command, home: Path, afternoon: Path) -> None:
    copy_over(home, afternoon)
    assert len(list((home / PAGE).parent.glob("*.eml"))) == 3
    assert "Outbox" in (home / PAGE).read_text(encoding="utf-8")
    again = nurture("dispatch", "--now", NOON)
    assert (again.code, states(home)) == (0, {"accepted": 3})
    assert "Nothing is due now." in again.said
    assert nurture("audit").code == 0


@pytest.mark.parametrize(("now", "sent"), [("2026-10-12T04:00:00Z", 3), ("2026-10-12T12:00:00+00:00", 0)])
def test_a_moment_is_meant_in_the_business_zone_unless_it_says_another(
    nurture: Command, home: Path, now: str, sent: int
) -> None:
    done = nurture("dispatch", "--now", now)
    assert (done.code, states(home).get("accepted", 0)) == (0, sent)
    assert (f"To look at them, open {home / PAGE}" in done.said) == bool(sent)


@pytest.mark.parametrize("now", ["noon", "2026-13-01T12:00"])
def test_what_is_no_moment_is_bad_usage(nurture: Command, home: Path, now: str) -> None:
    assert nurture("dispatch", "--now", now).code == 2
    assert states(home) == {"planned": 3}


def tamper(shard: Path) -> None:
    """One mail says something else than what was frozen."""
    table = pq.read_table(shard)
    texts = ["Buy now!", *table["text"].to_pylist()[1:]]
    pq.write_table(table.set_column(table.schema.get_field_index("text"), "text", pa.array(texts)), shard)


def test_words_that_were_tampered_with_are_held_and_the_rest_goes(nurture: Command, home: Path) -> None:
    tamper(next((home / "rendered" / NIGHT).glob("*.parquet")))
    sent = nurture("dispatch", "--now", NOON)
    assert (sent.code, states(home)) == (1, {"accepted": 2, "held": 1})
    assert "1 message(s) are held: their words are not those that were frozen." in sent.said


def attach(home: Path) -> None:
    """Ann's checklist comes with a file."""
    (home / "content" / "attachments").mkdir(exist_ok=True)
    (home / "content" / "attachments" / "one page.pdf").write_bytes(b"%PDF of ours")
    edit(home, "checklist.email.procurement.en.md", "sender: expert", "sender: expert\nattachments: [one page.pdf]")


@pytest.mark.slow
def test_an_attachment_that_was_tampered_with_is_held_and_the_rest_goes(
    nurture: Command, home: Path, evening: Path
) -> None:
    copy_over(home, evening)
    attach(home)
    assert nurture("run", "--night", NIGHT).code == 0
    (kept,) = (home / "rendered" / "attachments").iterdir()
    kept.write_bytes(b"%PDF of theirs")
    sent = nurture("dispatch", "--now", NOON)
    assert (sent.code, states(home)) == (1, {"accepted": 2, "held": 1})


def test_without_the_address_key_nothing_is_sent(nurture: Command, home: Path) -> None:
    (home / "address.key").unlink()
    sent = nurture("dispatch", "--now", NOON)
    assert (sent.code, states(home)) == (2, {"planned": 3})
    assert "Restore it from your backup" in sent.complained


def break_the_checklist(home: Path) -> None:
    """It says something that nobody's company has."""
    edit(home, "checklist.*.md", "{{ greeting }}", "{{ account.plan }}")


def test_a_touch_of_which_nothing_can_be_rendered_is_paused_and_the_run_ends_with_one(
    nurture: Command, home: Path, evening: Path
) -> None:
    copy_over(home, evening)
    break_the_checklist(home)
    ran = nurture("run", "--night", NIGHT)
    assert (ran.code, states(home)) == (1, {})
    assert "nurture resume touch product-trial/checklist" in ran.said
    status = nurture("status", "--now", f"{NIGHT} 09:00")
    assert status.code == 1
    assert "touch  product-trial/checklist" in status.said
    assert nurture("audit").code == 0


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_what_is_paused_or_held_waits_and_the_status_says_why(nurture: Command, home: Path) -> None:
    said = nurture("pause", "touch", "checklist", "--why", "wrong date in it").said
    assert "Paused: touch product-trial/checklist." in said
    assert "nurture resume touch product-trial/checklist" in said
    assert "3 message(s) held." in nurture("hold", "--channel", "email").said
    assert "1 message(s) released." in nurture("release", first_message(home)[:8]).said
    waiting = nurture("dispatch", "--now", "2026-10-12T12:00")
    assert (waiting.code, states(home)) == (0, {"held": 2, "planned": 1})
    assert "paused" in waiting.said
    status = nurture("status", "--now", f"{NIGHT} 09:00")
    assert status.code == 0
    assert "wrong date in it" in status.said
    assert "Goes on: touch product-trial/checklist." in nurture("resume", "touch", "checklist").said
    nurture("dispatch", "--now", NOON)
    assert "2 message(s) cancelled. Left as they are: 1 accepted." in nurture("cancel", "--touch", "checklist").said
    assert states(home) == {"accepted": 1, "cancelled": 2}
    assert nurture("audit").code == 0


def test_a_letter_can_be_sent_again(nurture: Command, home: Path, afternoon: Path) -> None:
    copy_over(home, afternoon)
    refused = nurture("resend", first_message(home))
    assert (refused.code, states(home)) == (2, {"accepted": 3})
    assert "--again" in refused.complained
    again = nurture("resend", first_message(home)[:9], "--again")
    assert (again.code, states(home)) == (0, {"accepted": 3, "planned": 1})
    (copy,) = rows(home, "SELECT id, payload_hash IS NOT NULL FROM message WHERE state = 'planned'")
    assert f"Planned as {copy[0]}" in again.said
    assert copy[1]


@pytest.mark.slow
def test_new_words_that_could_not_be_made_end_with_one(nurture: Command, home: Path) -> None:
    break_the_checklist(home)
    done = nurture("cancel", "--lead", "L1", "--replan")
    assert states(home) == {"held": 1, "planned": 2}
    assert "Could not be rendered" in done.said
    assert done.code == 1


@pytest.mark.slow
def test_a_copy_that_could_not_be_made_does_not_count_as_planned(nurture: Command, home: Path, afternoon: Path) -> None:
    copy_over(home, afternoon)
    break_the_checklist(home)
    done = nurture("resend", first_message(home), "--again")
    assert states(home) == {"accepted": 3, "cancelled": 1}
    assert "it goes with the next dispatch" not in done.said
    assert done.code == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("hold",), "Say which messages"), (("cancel", "--replan"), "Say which messages"),
        (("release", "1234567"), "8 or more of its digits"), (("hold", "00000000"), "no message begins"),
        (("resend", "00000000"), "no message begins"), (("pause", "touch", "chekclist"), "Known: product-trial/"),
        (("pause", "journey"), "Known: "), (("resume", "all"), "Paused: nothing."), (("pause", "everything"), "'all'"),
        (("hold", "--channel", "mail"), "'email'"),
    ],
)  # fmt: skip
def test_bad_usage_ends_with_two_and_changes_nothing(
    nurture: Command, home: Path, words: tuple[str, ...], complaint: str
) -> None:
    done = nurture(*words)
    assert done.code == 2
    assert complaint in done.complained
    assert rows(home, "SELECT count(*) FILTER (state = 'planned'), (SELECT count(*) FROM pause) FROM message") == [
        (3, 0)
    ]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("dispatch", "--now", NOON), ("sent", {"accepted": 3})),
        (("hold", "--lead", "L1"), ("moved", 1)),
        (("cancel", "--touch", "checklist"), ("moved", 3)),
        (("cancel", "--touch", "checklist", "--replan"), ("moved", 3)),
        (("pause", "channel", "email"), ("paused", {"kind": "channel", "name": "email"})),
        (("preview", "win-back", "--persona", "lapsed-zh"), ("page", "{home}/preview/win-back-lapsed-zh/index.html")),
        (("status", "--now", NOON), ("leads", 3)),
    ],
    ids=lambda words: "",
)
def test_every_answer_can_be_read_by_a_program(
    nurture: Command, home: Path, words: tuple[str, ...], answer: tuple[str, Any]
) -> None:
    name, value = answer
    found = nurture(*words, "--json")
    assert found.code == 0, found
    assert json.loads(found.said)[name] == (value.format(home=home) if isinstance(value, str) else value)


@pytest.mark.slow
def test_a_copy_and_the_end_of_a_pause_can_be_read_by_a_program(nurture: Command, home: Path) -> None:
    nurture("cancel", first_message(home))
    nurture("pause", "all")
    assert json.loads(nurture("resume", "all", "--json").said) == {"resumed": {"kind": "all", "name": "all"}}
    answer = json.loads(nurture("resend", first_message(home), "--json").said)
    assert [answer["message"]] == list(*rows(home, "SELECT id::VARCHAR FROM message WHERE resend = 1"))
