"""Finds the journeys of a package and checks what can only be checked with all of them at hand."""

import importlib
import pkgutil
import traceback
from collections.abc import Iterable
from types import ModuleType

from nurture.content.event_kinds import EventCatalogue
from nurture.errors import InputError, JourneyError
from nurture.journey.columns import did_you_mean
from nurture.journey.definition import Journey
from nurture.journey.expressions import refuse
from nurture.journey.rules import CONVERSATION, InStage, dids


def load_journeys(package: str, events: EventCatalogue) -> tuple[Journey, ...]:
    """Every ``Journey`` at the top of a module of the package, by name.

    Raises:
        JourneyError: a file cannot be read, two journeys share a name, or an event kind is not declared.
    """
    folder = _import(package)
    found: dict[str, Journey] = {}
    for module in pkgutil.iter_modules(folder.__path__, package + "."):
        for journey in _journeys_in(_import(module.name)):
            if found.get(journey.name, journey) is not journey:
                refuse(f"two journeys are called {journey.name!r}.", "Rename one.", journey.origin)
            found[journey.name] = journey
    journeys = tuple(found[name] for name in sorted(found))
    check_event_kinds(journeys, events)
    check_stages_asked_for(journeys)
    return journeys


def check_event_kinds(journeys: Iterable[Journey], events: EventCatalogue) -> None:
    """Refuse a rule about an event that nobody declared: it would never be true."""
    known = tuple(events.events)
    for journey in journeys:
        for count in dids(*journey.rules()):
            if count.kind not in events.events and count.kind != CONVERSATION:
                refuse(
                    f"no event kind is called {count.kind!r}.{did_you_mean(count.kind, known)}",
                    "Declare it in content/events.toml, or correct the name.",
                    count.origin,
                )


def check_stages_asked_for(journeys: Iterable[Journey]) -> None:
    """Refuse a rule about a stage or journey that does not exist: its negation would always be true."""
    stages = {(journey.name, stage.key) for journey in journeys for stage in journey.stages}
    known = tuple(sorted({key for _, key in stages}))
    for journey in journeys:
        parts = [part for rule in journey.rules() for part in rule.every()]
        for rule in (part for part in parts if isinstance(part, InStage)):
            if not any(rule.stage == key and rule.journey in (None, name) for name, key in stages):
                where = f"{rule.journey}/{rule.stage}" if rule.journey else rule.stage
                refuse(
                    f"no stage is called {where!r}.{did_you_mean(rule.stage, known)}",
                    "Correct the name of the stage or of its journey.",
                    rule.origin,
                )


def _journeys_in(module: ModuleType) -> list[Journey]:
    return [value for value in vars(module).values() if isinstance(value, Journey)]


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except JourneyError:
        raise
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name and (name + ".").startswith(error.name + "."):
            raise InputError(f"{name}: there is no such package. NURTURE_JOURNEYS names it.") from error
        raise JourneyError(f"{_place(error)} {type(error).__name__}: {error}") from error


def _place(error: Exception) -> str:
    """``file:line:`` of where it went wrong: in the file itself if it does not parse, else where it was running."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}:"
    frames = traceback.extract_tb(error.__traceback__)
    journey_frames = [frame for frame in frames if "importlib" not in frame.filename and frame.name == "<module>"]
    frame = (journey_frames or list(frames))[-1]
    return f"{frame.filename}:{frame.lineno}:"
