"""A link sends what was released, and nothing else: under the type checker and at run time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commonwatch.errors import InvariantError
from commonwatch.exchange.link import MemoryLink
from commonwatch.sharing.ledger import Ledger
from commonwatch.sharing.policy import decide
from commonwatch.sharing.released import Released
from tests.sharing.build import EAST, JOINT, MADE_NS, key_of, launch_report, message, policy, rule

ROOT = Path(__file__).parents[2]


def released() -> Released:
    by = policy(rule('share = ["launch report"]'))
    decision = decide(message(launch_report()), JOINT, by, MADE_NS)
    found = Ledger(EAST).record(decision, key_of(EAST).sign)[1]
    assert found is not None
    return found


def test_what_was_released_is_delivered_as_it_is() -> None:
    arrived: list[Released] = []
    sent = released()
    MemoryLink(arrived.append).send(sent)
    assert arrived == [sent]


@pytest.mark.parametrize("wrong", [message(launch_report()), released().envelope, None])
def test_nothing_else_is_sent_at_run_time(wrong: object) -> None:
    arrived: list[Released] = []
    with pytest.raises(InvariantError, match="a link was given a"):
        MemoryLink(arrived.append).send(wrong)  # type: ignore[arg-type]
    assert arrived == []


SNIPPET = """
from commonwatch.exchange.link import Link
from commonwatch.sharing.messages import Message
from commonwatch.sharing.policy import Decision
from commonwatch.sharing.released import Released


def send(link: Link, released: Released, decision: Decision, message: Message) -> None:
    link.send(released)
    link.send(message)
    link.send(decision)
    link.send(released.envelope)
    released.recipient = message.originator
    Released(recipient=message.originator, envelope=b"", entry_digest="", kind="", number=0)
"""


def test_the_type_checker_refuses_everything_but_a_released(tmp_path: Path) -> None:
    snippet = tmp_path / "sends.py"
    snippet.write_text(SNIPPET, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]
    options = [
        "--config-file",
        str(ROOT / "pyproject.toml"),
        "--cache-dir",
        str(tmp_path / "cache"),
    ]
    done = subprocess.run(
        [*command, *options, str(snippet)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    refused = {
        int(line.split(":")[1]): line.rpartition("[")[2].rstrip("]")
        for line in done.stdout.splitlines()
        if line.startswith(str(snippet))
    }
    lines = SNIPPET.splitlines()
    for text, code in (
        ("link.send(message)", "arg-type"),
        ("link.send(decision)", "arg-type"),
        ("link.send(released.envelope)", "arg-type"),
        ("Released(recipient", "call-arg"),
    ):
        line = next(number for number, each in enumerate(lines, 1) if each.strip().startswith(text))
        assert refused.get(line) == code, done.stdout + done.stderr
    first = next(number for number, each in enumerate(lines, 1) if "link.send(released)" in each)
    assert first not in refused
