"""From a press on a page to the ledger: what was thanked for is what the next night obeys."""

from datetime import timedelta
from itertools import count
from pathlib import Path

from nurture.inbound.spool import SpoolKind
from nurture.storage.database import Database
from tests.servers.webhook import batch
from tests.support.homes.inbound import SENT, House, house
from tests.support.small import MONDAY, verdicts
from tests.support.web_process import WebHouse, serving

THURSDAY = MONDAY + timedelta(days=3)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def decided(home: House, database: Database) -> list[tuple[str, str]]:
    home.night(THURSDAY)
    return [(verdict, reason) for _, verdict, reason in verdicts(database, "ann", THURSDAY)]


def press(web: WebHouse, home: House, times: int) -> None:
    url = home.tokens.unsubscribe_url(home.message("ann").hex).removeprefix(home.tokens.public_url)
    for _ in range(times):
        assert web.ask("POST", url, data=ONE_CLICK).status_code == 200


def test_whoever_leaves_twice_while_the_database_is_open_has_left_once_and_gets_nothing(
    database: Database, tmp_path: Path
) -> None:
    """65 and 67"""
    home = house(database, tmp_path, "ann")
    with serving(home.settings.home) as web:
        press(web, home, 2)
    home.drain()
    assert [(scope, action) for scope, action, _ in home.consents("ann")] == [("email", "withdrawn")]
    assert decided(home, database) == [("refused", "suppressed")]


def test_whoever_comes_back_gets_letters_again(database: Database, tmp_path: Path) -> None:
    home, moments = house(database, tmp_path, "ann"), count(1)
    with serving(home.settings.home, lambda: SENT + timedelta(minutes=next(moments))) as web:
        press(web, home, 1)
        url = home.tokens.preferences_url(home.message("ann").hex).removeprefix(home.tokens.public_url)
        assert web.ask("POST", url, data={"do": "back"}).status_code == 200
        assert [line.get("back") for line in web.lines(SpoolKind.PREFER)] == [True]
    home.drain()
    assert decided(home, database) == [("planned", "")]


def test_a_hard_bounce_that_sendgrid_posts_twice_suppresses_the_address_once(
    database: Database, tmp_path: Path
) -> None:
    """54"""
    home = house(database, tmp_path, "ann")
    bounced = home.event("ann", "bounce", type="bounce", reason="550 user not found", status="5.1.1",
                         bounce_classification="Invalid Address")  # fmt: skip
    with serving(home.settings.home) as web:
        for _ in range(2):
            assert web.post_events(batch(dict(bounced))).status_code == 200
    home.drain()
    assert len(home.suppressed("ann")) == 1
    assert decided(home, database) != [("planned", "")]
