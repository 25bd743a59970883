"""``prefect.yaml`` is what it says: every entry can be imported, filled in and deployed, today rather than at two."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import validate

from flows.server.deployments import Deployment, deploy_all, read_deployments
from flows.server.prefect_server import PrefectHome
from nurture.errors import InputError
from nurture.journey.loader import load_journeys
from nurture.journey.playbook import read_playbook
from nurture.settings import Settings
from tests.support.prefect_server import ask

FILE = yaml.safe_load(Path("prefect.yaml").read_text())
WRITTEN = {each["name"]: each for each in FILE["deployments"]}
DEPLOYMENTS = {each.name: each for each in read_deployments()}
FILLED_IN = {"approve": {"night": "2026-11-25", "messages": 3}}
"""What a person must fill in, because a default would be an accident."""
EVERY = pytest.mark.parametrize("deployment", DEPLOYMENTS.values(), ids=DEPLOYMENTS)


def schema(deployment: Deployment) -> dict[str, Any]:
    """The form that the UI makes of it."""
    return parameter_schema(deployment.flow()).model_dump()


@EVERY
def test_every_entrypoint_is_a_flow_that_can_be_imported(deployment: Deployment) -> None:
    assert deployment.flow().__class__.__name__ == "Flow"


@EVERY
def test_every_parameter_that_the_file_gives_is_one_that_the_flow_takes(deployment: Deployment) -> None:
    known = schema(deployment)
    assert set(deployment.parameters) <= set(known["properties"])
    triggers = WRITTEN[deployment.name].get("triggers", [{"parameters": {}}])
    for parameters in (trigger["parameters"] for trigger in triggers):
        validate(
            {**FILLED_IN.get(deployment.name, {}), **deployment.parameters, **parameters}, known, raise_on_error=True
        )
        assert set(parameters) <= set(known["properties"])


@EVERY
def test_every_field_of_the_form_says_what_it_is_for(deployment: Deployment) -> None:
    for name, field in schema(deployment)["properties"].items():
        assert field.get("description", "").endswith("."), name


@EVERY
def test_no_flow_is_tried_again_as_a_whole_or_keeps_its_results(deployment: Deployment) -> None:
    """The next run does what is left; results would lie outside the ledger, where nobody forgets them."""
    assert not deployment.flow().retries
    assert not deployment.flow().persist_result


def test_every_journey_can_be_run_from_the_form_and_every_form_has_its_journey() -> None:
    playbook = read_playbook(Settings())
    journeys = {each.name for each in load_journeys("flows.journeys", playbook.events)}
    assert {name for name, each in WRITTEN.items() if "journey" in each["tags"]} == journeys
    for name in journeys:
        assert DEPLOYMENTS[name].parameters == {"dry_run": True}
        assert DEPLOYMENTS[name].flow().name == name
        assert list(schema(DEPLOYMENTS[name])["properties"]) == ["night", "dry_run", "limit"]


@pytest.mark.parametrize(("name", "cron"), [("nightly", "0 2 * * *"), ("dispatch", "*/10 * * * *")])
def test_what_runs_by_itself_runs_alone_and_at_the_documented_time(name: str, cron: str) -> None:
    (schedule,) = WRITTEN[name]["schedules"]
    assert (schedule["cron"], schedule["timezone"], schedule["slug"]) == (cron, "Asia/Shanghai", name)
    assert WRITTEN[name]["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}


def test_only_the_night_and_the_dispatch_run_by_themselves() -> None:
    assert {name for name, each in WRITTEN.items() if "schedules" in each} == {"nightly", "dispatch"}


def test_an_entrypoint_that_cannot_be_imported_is_told_before_anything_is_deployed() -> None:
    with pytest.raises(InputError, match=r"'nightly': flows.nowhere.night cannot be imported"):
        Deployment("nightly", "flows.nowhere.night", {}).flow()


@pytest.mark.slow
def test_the_file_survives_deploying_and_deploying_again(prefect_server: PrefectHome, tmp_path: Path) -> None:
    ask(prefect_server, "work_pools/", name="nurture", type="process")
    for _ in range(2):
        deploy_all(prefect_server.environment(), tmp_path / "deploy.log")
    found = {each["name"]: each for each in ask(prefect_server, "deployments/filter")}
    assert set(found) == set(WRITTEN)
    for name, each in found.items():
        written = WRITTEN[name]
        assert (each["entrypoint"], each["paused"]) == (written["entrypoint"], False)
        (pull,) = each["pull_steps"]
        assert pull == {"prefect.deployments.steps.set_working_directory": {"directory": str(Path.cwd())}}
        schedules = [(at["schedule"]["cron"], at["schedule"]["timezone"], at["active"]) for at in each["schedules"]]
        assert schedules == [(at["cron"], at["timezone"], True) for at in written.get("schedules", [])]
    for name in ("nightly", "dispatch"):
        assert found[name]["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        assert found[name]["global_concurrency_limit"]["limit"] == 1
    automations = ask(prefect_server, "automations/filter")
    assert sorted(each["name"] for each in automations) == sorted(each["name"] for each in WRITTEN["alarm"]["triggers"])
    assert all(each["enabled"] for each in automations)
    assert {action["deployment_id"] for each in automations for action in each["actions"]} == {found["alarm"]["id"]}
