"""What the documents tell people to type exists, and so do the headings that they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from commonwatch.cli.main import commonwatch

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
COMMAND = re.compile(r"(?:^|`)commonwatch ([^`\n#>]+)", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)#([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
REPORT = ROOT / "src" / "commonwatch" / "report" / "templates" / "report.html.j2"


def commands() -> dict[str, Path]:
    """Every command line with a word below ``commonwatch``, and a page on which it stands."""
    return {
        said.strip(): page
        for page in PAGES
        for said in COMMAND.findall(page.read_text("utf-8"))
        if said[0].isalpha()
    }


def unknown(said: str) -> Iterator[str]:
    """Yield what the program does not know of a command line; brackets mean "or without"."""
    words = re.sub(r"[\[\]]", "", said).split()
    context = click.Context(commonwatch)
    while isinstance(context.command, click.Group):
        name = words.pop(0) if words else ""
        below = context.command.get_command(context, name)
        if below is None:
            yield from [name] if name else []
            return
        context = click.Context(below, parent=context)
    options = {name: each for each in context.command.params for name in each.opts}
    for word, after in zip(words, [*words, ""][1:], strict=True):
        option = options.get(word)
        if word.startswith("-") and option is None:
            yield word
        if option is not None and isinstance(option.type, click.Choice):
            yield from [] if after in option.type.choices else [f"{word} {after}"]


@pytest.mark.parametrize("said", commands())
def test_a_command_of_a_page_and_its_options_exist(said: str) -> None:
    assert list(unknown(said)) == [], commands()[said]


def test_a_command_or_an_option_that_does_not_exist_is_noticed() -> None:
    assert list(unknown("fuse tracks.parquet")) == ["fuse"]
    assert list(unknown("policy tell")) == ["tell"]
    assert list(unknown("run iran-2009 [--fast]")) == ["--fast"]
    assert list(unknown("track detections.parquet --filter alpha")) == ["--filter alpha"]


def anchors(page: Path) -> set[str]:
    """What a link may name of a page: its headings, in small letters, spaces as dashes."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(page.read_text("utf-8"))
    }


def test_a_link_into_a_page_names_a_heading_of_it() -> None:
    lost = [
        f"{page.relative_to(ROOT)}: {place}#{anchor}"
        for page in PAGES
        for place, anchor in LINK.findall(page.read_text("utf-8"))
        if anchor not in anchors(page.parent / place if place else page)
    ]
    assert lost == []


def test_the_page_on_results_has_the_sections_of_the_report_in_their_order() -> None:
    [links] = re.findall(r'<nav aria-label="Sections">(.*)</nav>', REPORT.read_text("utf-8"))
    page = (ROOT / "docs" / "how-to" / "read-the-results.md").read_text("utf-8")
    [_, said] = page.split("## Its sections, in order")
    rows = re.findall(r"^\| ([^|]+) \|", said.partition("\n## ")[0], re.MULTILINE)
    assert rows[1:] == re.findall(r">([^<]+)</a>", links)
