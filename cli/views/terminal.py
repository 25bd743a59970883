"""The screen: sentences, tables, progress and JSON. Nothing that comes from data is ever read as markup."""

import json as json_module
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

Part = str | tuple[str, str]
"""Words of a sentence, or words with their style."""

out, err = Console(), Console(stderr=True)
CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


def plain(*parts: Part) -> Text:
    """Words as they are: no markup, no emoji codes, and nothing that a terminal would obey."""
    styled = [(part, "") if isinstance(part, str) else part for part in parts]
    return Text.assemble(*((words.translate(CONTROLS), style) for words, style in styled))


def say(*parts: Part, indent: int = 0) -> None:
    """A sentence, wrapped between words; what goes on in the next line is indented as the first."""
    out.print(Padding(plain(*parts), (0, 0, 0, indent), expand=False))


def gap() -> None:
    """An empty line."""
    out.print()


def say_whole(*parts: Part) -> None:
    """A sentence in one line however long, so that a path or a command in it can be copied."""
    out.print(plain(*parts), soft_wrap=True)


def error(problem: Exception) -> None:
    """One message on stderr, without a traceback."""
    err.print(plain(("error", "bold red"), " ", str(problem)), soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows under a title; nothing without rows, and no column in which nothing stands."""
    if not rows:
        return
    made = Table(
        title=plain((title, "bold")), title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0)
    )
    shown = [index for index in range(len(columns)) if any(row[index] not in (None, "") for row in rows)]
    for index in shown:
        numbers = all(isinstance(row[index], int | float) for row in rows)
        made.add_column(plain(columns[index]), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(plain(_cell(row[index])) for index in shown))
    gap()
    out.print(made)


def lines(rows: Sequence[Sequence[Part]], indent: int) -> None:
    """Rows without a frame, their columns below each other."""
    grid = Table.grid(padding=(0, 2))
    for row in rows:
        grid.add_row(*(plain(cell) for cell in row))
    out.print(Padding(grid, (0, 0, 0, indent), expand=False))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


@contextmanager
def progress(title: str, *, silent: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr while the block runs; told how much of how much is done."""
    description = TextColumn("{task.description}", markup=False)
    columns = (description, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=silent) as bar:
        task = bar.add_task(title.translate(CONTROLS), total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def as_json_line(value: Any) -> None:
    """The answer for a program."""
    print(json_module.dumps(_plain_data(value), ensure_ascii=False, default=_text))


def _plain_data(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [_plain_data(part) for part in value] if isinstance(value, list | tuple) else value


def _text(value: object) -> str | float:
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).isoformat()
    if isinstance(value, date | Path):
        return str(value)
    if isinstance(value, Decimal):
        return float(value)
    return str(value)
