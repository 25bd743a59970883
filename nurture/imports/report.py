"""What an import did, row by row accounted for."""

from dataclasses import dataclass
from pathlib import Path

from nurture.imports.layouts import FileKind

REFUSALS_KEPT = 1000


@dataclass(frozen=True)
class RefusedRow:
    """One row that was left out: the physical line where it starts, and why. Never the value of an address."""

    line: int
    reason: str


@dataclass(frozen=True)
class Written:
    """How many rows were new, changed something, or said nothing new."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class ImportReport:
    """The outcome of one file; ``rows = added + changed + unchanged + repeated + refused_count``.

    ``repeated`` rows say again what another row of the file says. ``refused`` holds the first thousand
    refusals; all of them, with their cells, are in ``refused_file``. ``ignored_columns`` are headers that
    Nurture does not know.
    """

    kind: FileKind
    path: Path
    rows: int
    added: int
    changed: int
    unchanged: int
    repeated: int = 0
    refused: tuple[RefusedRow, ...] = ()
    refused_count: int = 0
    refused_file: Path | None = None
    ignored_columns: tuple[str, ...] = ()
