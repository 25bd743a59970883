"""What an API does instead of its duty. Each is a value: ``server.script.next(throttled(30), failing(503), None)``."""

import gzip
from dataclasses import dataclass, replace
from typing import Any

from tests.servers.wire import Answer, Manner, as_json

ALL_ERRORS = (("Content-Type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """An answer, and whether the mail was accepted before it.

    Where ``answer`` is ``None`` the API says what it would have said. ``reset_in`` are seconds from now to the reset of
    the rate limit; ``without_id`` leaves X-Message-Id out.
    """

    accepts: bool = False
    answer: Answer | None = None
    manner: Manner = Manner.WHOLE
    after: float = 0.0
    drip: float = 0.05
    limited: bool = False
    reset_in: float | None = None
    without_id: bool = False

    def of(self, answer: Answer, now: float) -> Answer:
        """This answer, or the one of this behaviour, in its manner."""
        said = answer if self.answer is None else self.answer
        if self.without_id:
            said = replace(said, headers=tuple(each for each in said.headers if each[0] != "X-Message-Id"))
        if self.limited:
            said = replace(said, headers=(*said.headers, *_limits(self.reset_in, now)))
        return replace(said, manner=self.manner, after=self.after + answer.after, drip=self.drip)


def _limits(reset_in: float | None, now: float) -> tuple[tuple[str, str], ...]:
    reset = () if reset_in is None else (("X-RateLimit-Reset", str(int(now + reset_in))),)
    return ("X-RateLimit-Limit", "600"), ("X-RateLimit-Remaining", "0"), *reset


def errors(status: int, message: str, field: str | None = None, *headers: tuple[str, str]) -> Answer:
    """An error as the API writes it."""
    return as_json(status, {"errors": [{"message": message, "field": field, "help": None}]}, *headers)


def throttled(reset_in: float | None = None) -> Behaviour:
    """429; the limit ends in so many seconds, is over if negative, or nothing is said of it."""
    return Behaviour(answer=errors(429, "too many requests"), limited=True, reset_in=reset_in)


def refusing(message: str = "Bad Request", field: str | None = None, status: int = 400) -> Behaviour:
    """A definite no to this mail."""
    return Behaviour(answer=errors(status, message, field))


def credits_exceeded() -> Behaviour:
    """The quota is used up; it comes as 401."""
    return Behaviour(answer=errors(401, "Maximum credits exceeded"))


def bad_key() -> Behaviour:
    """The key was revoked meanwhile."""
    return Behaviour(answer=errors(401, "The provided authorization grant is invalid, expired, or revoked"))


def forbidden(message: str = "access forbidden", field: str | None = None) -> Behaviour:
    """403: the key may not, or the sender is nobody's."""
    return Behaviour(answer=errors(403, message, field))


def too_large() -> Behaviour:
    """413."""
    return Behaviour(answer=errors(413, "content too large"))


def redirecting(to: str, status: int = 302) -> Behaviour:
    """Go elsewhere, and take your key along."""
    return Behaviour(answer=Answer(status, b"", (("Location", to),)))


def failing(status: int = 503, accepts: bool = False) -> Behaviour:
    """5xx: nobody knows what became of the mail, except this server."""
    return Behaviour(accepts, errors(status, "internal server error"))


def html_error(status: int = 502, accepts: bool = False) -> Behaviour:
    """A proxy speaks instead of the API."""
    page = b"<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
    return Behaviour(accepts, Answer(status, page, (("Content-Type", "text/html"),)))


def invalid_json(status: int = 400, accepts: bool = False) -> Behaviour:
    """It says it is JSON."""
    return Behaviour(accepts, Answer(status, b'{"errors": [{"message": "', ALL_ERRORS))


def gzip_bomb(status: int = 500, megabytes: int = 200, accepts: bool = False) -> Behaviour:
    """A small body that unpacks to a large one."""
    body = gzip.compress(bytes(megabytes * 1024 * 1024), compresslevel=1)
    return Behaviour(accepts, Answer(status, body, (*ALL_ERRORS, ("Content-Encoding", "gzip"))))


def endless(status: int = 400, megabytes: int = 20, accepts: bool = False) -> Behaviour:
    """A body far larger than any error."""
    return Behaviour(accepts, Answer(status, b" " * (megabytes * 1024 * 1024), ALL_ERRORS))


def saying(status: int, body: Any = None, accepts: bool = False, *headers: tuple[str, str]) -> Behaviour:
    """Anything else."""
    return Behaviour(accepts, Answer(status, b"", headers) if body is None else as_json(status, body, *headers))


def accepting_then(manner: Manner) -> Behaviour:
    """The mail is accepted, and the answer never arrives whole."""
    return Behaviour(accepts=True, manner=manner)


def dripping(seconds: float = 0.05) -> Behaviour:
    """The mail is accepted, and the answer comes a byte at a time."""
    return Behaviour(accepts=True, manner=Manner.DRIPS, drip=seconds)


def slow(seconds: float) -> Behaviour:
    """As it should be, but late."""
    return Behaviour(accepts=True, after=seconds)


def without_message_id() -> Behaviour:
    """202, and no word of X-Message-Id."""
    return Behaviour(accepts=True, without_id=True)


def unread() -> Behaviour:
    """The connection is reset before the mail is read: certainly not accepted."""
    return Behaviour(manner=Manner.UNREAD)


ACCEPT_THEN_HANG = accepting_then(Manner.HANGS)
ACCEPT_THEN_RESET = accepting_then(Manner.RESETS)
ACCEPT_THEN_TRUNCATE = accepting_then(Manner.TRUNCATED)
ACCEPT_THEN_CLOSE = accepting_then(Manner.THEN_CLOSES)
