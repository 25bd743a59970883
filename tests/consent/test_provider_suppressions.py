"""A provider's lists only ever add to whom we do not write."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from models import ConsentScope
from nurture.consent.provider_suppressions import BEGINNING, Pulled, Suppressed, pull
from nurture.errors import TransientError
from nurture.keys.address_hashes import open_address_key
from tests.support.homes.live import LiveHouse, build
from tests.support.small import MONDAY, at, consent, lead

NOW = at(MONDAY, 2).astimezone(UTC)


class Lists:
    """A provider whose lists are given; remembers since when it was asked."""

    name = "sendgrid"

    def __init__(self, *found: Suppressed, down: bool = False) -> None:
        self.found, self.down, self.asked = found, down, list[datetime]()

    def suppressed_since(self, moment: datetime) -> Iterable[Suppressed]:
        self.asked.append(moment)
        if self.down:
            raise TransientError("sendgrid: /v3/suppression/bounces answers 503.")
        return self.found


def house(tmp_path: Path, empty_database: Path) -> LiveHouse:
    made = build(tmp_path, empty_database)
    with made.store.open() as database, database.transaction():
        key = open_address_key(database, made.settings)
    for name in ("ann", "bob"):
        made.put(lead(name, email_hash=key.hash(f"{name}@company.example")), consent(name))
    return made


def listed(name: str, reason: str = "gone", scope: ConsentScope = ConsentScope.EMAIL) -> Suppressed:
    return Suppressed(f"{name}@Company.example", reason, scope, NOW - timedelta(days=1))


def test_who_is_on_a_list_gets_nothing_the_same_night(tmp_path: Path, empty_database: Path) -> None:
    made = house(tmp_path, empty_database)
    assert pull(made.store, made.settings, Lists(listed("ann"), listed("ann")), NOW) == Pulled(listed=2, added=1)
    made.night()
    made.approve()
    made.send()
    assert made.got("sendgrid") == ["bob"]


def test_what_we_know_stays_and_only_what_is_new_is_asked_for(tmp_path: Path, empty_database: Path) -> None:
    made, lists = house(tmp_path, empty_database), Lists(listed("ann", "complained"))
    pull(made.store, made.settings, Lists(listed("ann")), NOW)
    assert pull(made.store, made.settings, lists, NOW + timedelta(days=1)).added == 0
    assert made.ask("SELECT reason FROM suppression") == [("gone",)]
    assert lists.asked == [NOW - timedelta(hours=2)]


def test_lists_that_cannot_be_read_stop_no_night_and_are_asked_for_from_the_same_moment_again(
    tmp_path: Path, empty_database: Path
) -> None:
    made, down, up = house(tmp_path, empty_database), Lists(down=True), Lists()
    assert "503" in pull(made.store, made.settings, down, NOW).trouble
    pull(made.store, made.settings, up, NOW)
    assert down.asked == up.asked == [BEGINNING]
