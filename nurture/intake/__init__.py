"""What comes in from outside: ``nurture import staff|accounts|leads|consents|events FILE``.

A file is taken in whole or not at all; a row that cannot be used is left out, reported and kept.
"""

from nurture.intake.importing import import_file
from nurture.intake.kinds import FileKind
from nurture.intake.report import ImportReport, RefusedRow

__all__ = ["FileKind", "ImportReport", "RefusedRow", "import_file"]
