"""Telling the people who keep Nurture running that something wants them, over any service that Apprise knows.

No lead is written to from here, and nothing personal is told.
"""

from pydantic import SecretStr

from nurture.errors import InputError, TransientError


def alarm(to: SecretStr, title: str, body: str) -> None:
    """Tell it to every address in ``to`` (Apprise URLs, separated by spaces: wecombot://…, mailto://…, json://…).

    Raises:
        InputError: an address cannot be used.
        TransientError: somebody could not be told.
    """
    from apprise import Apprise

    people = Apprise()
    for number, address in enumerate(to.get_secret_value().split(), start=1):
        if not people.add(address):
            raise InputError(f"NURTURE_ALARM_TO: address {number} is none that Apprise knows.")
    if not people.notify(title=title, body=body):
        raise TransientError("NURTURE_ALARM_TO: not everybody could be told.")
