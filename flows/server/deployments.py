"""What ``prefect.yaml`` says, made true on a server: deployments, schedules, automations."""

import importlib
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nurture.errors import InputError

FILE = Path("prefect.yaml")


@dataclass(frozen=True)
class Deployment:
    """One deployment of the file: its name, its flow as a module path, and its parameters."""

    name: str
    entrypoint: str
    parameters: Mapping[str, Any]

    def flow(self) -> Any:
        """The flow itself.

        Raises:
            InputError: it cannot be imported. Prefect would deploy a placeholder and fail at two in the morning.
        """
        import prefect  # noqa: F401 - where Prefect is loaded, a journey's function is a flow at once

        module, _, name = self.entrypoint.rpartition(".")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise InputError(
                f"{FILE}: deployment {self.name!r}: {self.entrypoint} cannot be imported: {error}"
            ) from error


def read_deployments(file: Path = FILE) -> tuple[Deployment, ...]:
    """Every deployment of the file.

    Raises:
        InputError: there is no such file here.
    """
    if not file.exists():
        raise InputError(f"There is no {file} in {Path.cwd()}. Run this in the project's folder.")
    found = yaml.safe_load(file.read_text(encoding="utf-8"))["deployments"]
    return tuple(Deployment(each["name"], each["entrypoint"], each.get("parameters") or {}) for each in found)


def deploy_all(environment: Mapping[str, str], log: Path) -> None:
    """Apply the file to the server that ``environment`` names.

    Raises:
        InputError: a flow cannot be imported, or the file cannot be applied; names the log.
    """
    for deployment in read_deployments():
        deployment.flow()
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(FILE)]
    with log.open("ab") as said:
        done = subprocess.run(command, env=dict(environment), stdout=said, stderr=said, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise InputError(f"{FILE} cannot be applied. What Prefect said stands in {log}.")
