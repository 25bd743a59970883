"""Reading the files that marketing owns: as UTF-8, with the file named in every complaint."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from nurture.errors import ContentError

Model = TypeVar("Model", bound=BaseModel)


def read_text(path: Path) -> str:
    """The text of a file; a byte order mark (Windows editors write one) is no part of it.

    Raises:
        ContentError: the file is missing or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise ContentError(f"{path}: missing.") from None
    except UnicodeDecodeError as error:
        raise ContentError(f"{path}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error


def read_toml(path: Path, model: type[Model]) -> Model:
    """A TOML file as a validated model.

    Raises:
        ContentError: the file is missing, is not TOML, or an entry is wrong; names the file and the entry.
    """
    try:
        return model.model_validate(tomllib.loads(read_text(path)))
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"{path}: not valid TOML: {error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise ContentError(f"{path}: {place}: {problem['msg']}") from error
