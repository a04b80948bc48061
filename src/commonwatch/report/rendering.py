"""Filling in the templates of the pages."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def rendered(template: str, **values: Any) -> str:
    """Return a page, with the style and the script of all pages inside it.

    Parameters
    ----------
    template
        Name of a file in ``templates``.
    values
        What it shows; all text is escaped.
    """
    environment = Environment(
        loader=PackageLoader("commonwatch.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    return environment.get_template(template).render(
        style=_part("report.css"), script=_part("report.js"), **values
    )


def unbroken(said: str) -> str:
    """Keep a number with its unit, its whole and its interval on one line; a plus with its word."""
    return _HELD.sub("\N{NO-BREAK SPACE}", said)


_HELD: Final = re.compile(
    r"(?<=\d) (?=(?:s|km|m²)\b)|(?<=[\ds]) (?=\[)|(?<=\d,) (?=[\d,]+\])|(?<=[:;] \+) |(?<=\d) (?=%)"
    r"|(?<=\d) (?=of \d)|(?<=\d of) (?=\d)"
)


def _part(name: str) -> Markup:
    """Return one of our own files, which needs no escaping."""
    source = resources.files("commonwatch.report") / "templates" / name
    return Markup(source.read_text(encoding="utf-8"))  # noqa: S704
