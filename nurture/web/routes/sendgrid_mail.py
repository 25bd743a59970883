"""A mail as SendGrid's Inbound Parse posts it: multipart, with the raw message in ``email`` and who it went to in
``envelope``. The message goes to disk as it comes; nothing of it is looked at here.
"""

import json
from dataclasses import dataclass, field

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from nurture.errors import InputError
from nurture.inbound.mail_file import Letter
from nurture.storage.json_type import JSON

MOST_PARTS = 1_000
MOST_BUFFERED = 1_000_000
MOST_ENVELOPE = 100_000


@dataclass
class IncomingMail:
    """One post, while it comes."""

    decoder: MultipartDecoder
    letter: Letter
    part: str | None = None
    envelope: bytearray = field(default_factory=bytearray)

    def take(self, chunk: bytes | None) -> None:
        """The next bytes of the body; nothing: it ends here.

        Raises:
            InputError: this is no such post.
            OSError: the disk takes no more.
        """
        try:
            self.decoder.receive_data(chunk)
            while not isinstance(event := self.decoder.next_event(), (NeedData, Epilogue)):
                self._event(event)
        except (ValueError, AttributeError, RequestEntityTooLarge) as error:  # the decoder trusts its header lines
            raise InputError("not the multipart form that Inbound Parse posts") from error

    def travelled(self) -> dict[str, JSON]:
        """From whom and to whom it went, as the mail servers said it; empty where they did not."""
        try:
            said = json.loads(self.envelope)
        except (ValueError, RecursionError):
            said = None
        said = said if isinstance(said, dict) else {}
        to = said.get("to")
        addresses: list[JSON] = [each for each in (to if isinstance(to, list) else [to]) if isinstance(each, str)]
        sender = said.get("from")
        return {"from": sender if isinstance(sender, str) else "", "to": addresses}

    def _event(self, event: Event) -> None:
        match event:
            case Field(name=name) | File(name=name):
                self.part = name
            case Data(data=data) if self.part == "email":
                self.letter.write(data)
            case Data(data=data) if self.part == "envelope" and len(self.envelope) < MOST_ENVELOPE:
                self.envelope += data


def decoder_of(content_type: str) -> MultipartDecoder:
    """What takes a post of this content type apart.

    Raises:
        InputError: it is no multipart form.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary:
        raise InputError("not a multipart form")
    return MultipartDecoder(boundary.encode("latin-1", "replace"), MOST_BUFFERED, max_parts=MOST_PARTS)
