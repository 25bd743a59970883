"""What docs/web.md shows works as it says."""

import json
import re
import shlex

import pytest

from nurture.web.openapi import document
from tests.support.sample_house import ROOT
from tests.support.web_process import API_KEY, WebHouse, web

__all__ = ["web"]

GUIDE = (ROOT / "docs" / "web.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sh\n(curl .*?)```", GUIDE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=["one", "several", "segment"])
def test_the_calls_in_the_guide_are_answered_as_it_says(web: WebHouse, example: str) -> None:
    _, *words = shlex.split(example.replace("Bearer KEY", f"Bearer {API_KEY}").replace("\\\n", ""))
    headers = dict(words[place + 1].split(": ") for place, word in enumerate(words) if word == "-H")
    address = next(word for word in words if word.startswith("https://")).removeprefix("https://n.example.com")
    method, body = re.findall(r"-X (\w+)", example)[0], words[words.index("-d") + 1]
    answer = web.ask(method, address, headers=headers, content=body)
    promised = re.search(r"answers `202` with `(.*?)`", GUIDE[GUIDE.index(example) :])
    assert answer.status_code == 202
    if promised and EXAMPLES.index(example) < 2:
        assert answer.json() == json.loads(promised[1])
    assert len(web.lines()) == len(answer.json()["taken"])


def test_the_guide_tells_every_address() -> None:
    told = GUIDE.replace("TOKEN", "{token}").replace("SECRET", "{secret}")
    assert [path for path in document()["paths"] if f"{path}`" not in told] == []


def test_the_description_speaks_to_who_connects_a_system() -> None:
    about = document()["info"]["description"]
    assert "/v1/events" in about
    assert not {"core", "ledger", "Prefect", "DuckDB"} & set(about.split())
