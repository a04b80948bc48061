"""Run the tutorials, and write what they print and draw, or check that it is current.

A page is Markdown. Its ``python`` blocks run in order, in one namespace; what a block prints stands
in the ``text`` block right after it. Pictures are drawn from the namespace of the finished page.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutorial_pictures import PICTURES

PAGES = Path(__file__).parents[1] / "docs" / "tutorials"
BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<printed>.*?)^```\n)?",
    re.DOTALL | re.MULTILINE,
)
NUMBER = re.compile(r"-?\d*\.?\d+")
PICTURE_UNIT = 0.5
"""By so much a coordinate of a picture may differ from one machine to another."""


@dataclass(frozen=True, slots=True)
class Done:
    """A page that ran: its text as it should be, its pictures, and its variables."""

    text: str
    pictures: dict[str, str]
    names: dict[str, Any]


def pages() -> list[Path]:
    """Return all tutorials in their order."""
    return sorted(PAGES.glob("[0-9]*.md"))


def done(page: Path) -> Done:
    """Run a page."""
    text = page.read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": page.stem}
    parts: list[str] = []
    end = 0
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start("code"))
        code = compile("\n" * line + block["code"], str(page), "exec")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(code, names)  # noqa: S102
        printed = "".join(f"{said.rstrip()}\n" for said in out.getvalue().splitlines())
        shown = f"\n```text\n{printed}```\n" if printed else ""
        parts += [text[end : block.start()], f"```python\n{block['code']}```\n{shown}"]
        end = block.end()
    drawn = {name: f"{draw(names)}\n" for name, draw in PICTURES[page.stem].items()}
    return Done("".join([*parts, text[end:]]), drawn, names)


def is_same_picture(one: str, other: str) -> bool:
    """Whether two pictures differ by nothing but a trifle in their coordinates."""
    first, second = ([float(n) for n in NUMBER.findall(text)] for text in (one, other))
    is_alike = NUMBER.sub("", one) == NUMBER.sub("", other) and len(first) == len(second)
    return is_alike and all(abs(a - b) <= PICTURE_UNIT for a, b in zip(first, second, strict=True))


def stale(page: Path, result: Done) -> Iterator[tuple[Path, str]]:
    """Yield every file of a page that is not what the page makes, with what it should hold."""
    if page.read_text(encoding="utf-8") != result.text:
        yield page, result.text
    for name, drawn in result.pictures.items():
        path = page.with_name(name)
        if not path.exists() or not is_same_picture(path.read_text(encoding="utf-8"), drawn):
            yield path, drawn


def run(arguments: list[str]) -> int:
    """Write the tutorials anew, or with ``--check`` name what is not current."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("docs: unknown arguments; the only one allowed is --check.\n")
        return 2
    found = [each for page in pages() for each in stale(page, done(page))]
    if not arguments:
        for path, text in found:
            path.write_text(text, encoding="utf-8")
    names = ", ".join(path.name for path, _ in found)
    if arguments and found:
        sys.stderr.write(f"docs: not current: {names}. Run scripts/docs.\n")
        return 1
    sys.stdout.write(f"docs/tutorials: {f'wrote {names}' if found else 'current'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
