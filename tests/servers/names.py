"""A name server on a real socket, which knows what a test tells it: ``records[name][kind]`` is a list of texts."""

import socket
import threading
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.servers.threads import HOST

Records = dict[str, dict[str, list[str]]]


class NameServer:
    """Answers by UDP from ``with`` to its end; a name that follows a CNAME is followed, as a resolver wants it."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.silent = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self.address = f"{HOST}:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            asked, sender = self._socket.recvfrom(4096)
            if not asked:
                return
            if not self.silent:
                self._socket.sendto(self._answer(dns.message.from_wire(asked)).to_wire(), sender)

    def _answer(self, asked: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.RA
        question = asked.question[0]
        name, kind = question.name.to_text().rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
        if name not in self.records:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        while name in self.records:
            found = self.records[name]
            alias = found.get("CNAME", [])
            if rows := found.get(kind, alias):
                shown = kind if kind in found else "CNAME"
                answer.answer.append(dns.rrset.from_text(name + ".", 60, "IN", shown, *rows))
            if kind in found or not alias:
                break
            name = alias[0].rstrip(".").lower()
        return answer
