"""``commonwatch policy``: what of a message leaves, by which rule; every mistake of a policy."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from commonwatch.identity import NationId
    from commonwatch.scenario.description import Scenario
    from commonwatch.sharing.messages import Message
    from commonwatch.sharing.policy import Box, Decision, Policy

_OUTCOMES: Final = {
    "share": "goes",
    "share coarser": "goes, coarser",
    "later": "goes later",
    "withhold": "does not go",
}
_SCENARIO: Final = click.option(
    "--scenario",
    metavar="FILE|NAME",
    help="Whose nations and sensors the policy may name (otherwise any), with their territory.",
)
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")


@click.group(
    "policy",
    epilog="\b\nExamples:\n  commonwatch policy check my-policy.toml\n"
    "  commonwatch policy check tracks --scenario iran-2009\n"
    "  commonwatch policy explain tracks message.json --to joint",
)
def command() -> None:
    """Check a policy, or ask it what of a message may go to whom.

    A policy is a TOML file, or the name of one that comes with the program: nothing,
    launch-reports, tracks, detections.
    """


@command.command(
    "check",
    epilog="\b\nExamples:\n  commonwatch policy check my-policy.toml\n"
    "  commonwatch policy check tracks --scenario iran-2009",
)
@click.argument("policy", metavar="POLICY")
@_SCENARIO
@_JSON
def check(policy: str, scenario: str | None, *, as_json: bool) -> None:
    """Report every mistake of a policy, all in one go, or say what it shares."""
    world = _scenario(scenario)
    read = _policy(policy, world)
    territories = _territories(read, world)
    if as_json:
        _print_json(
            {
                "policy": read.name,
                "owner": read.owner,
                "title": read.title,
                "own_launches": read.own_launches,
                "territory_box_count": len(read.territory),
                "territories": territories,
                "rules": [
                    {
                        "rule": rule.name,
                        "share": list(rule.share),
                        "withhold": list(rule.withhold),
                        "owners": list(rule.owners),
                        "recipients": list(rule.recipients),
                    }
                    for rule in read.rules
                ],
            }
        )
        return
    click.echo(f"{read.name}: no mistakes. {read.title or 'Without a title'}.\n")
    if not read.rules:
        click.echo("No rule: nothing is shared.")
    for rule in read.rules:
        verb = "shares" if rule.share else "withholds"
        preposition = "with" if rule.share else "from"
        whose = "" if rule.owners == ("*",) else f" of {_listed(rule.owners)}"
        click.echo(
            f'  "{rule.name}" {verb} {", ".join((*rule.share, *rule.withhold))}{whose} '
            f"{preposition} {_listed(rule.recipients)}"
        )
    if read.own_launches == "withhold":
        known = "; ".join(
            f"{whose}: {', '.join(names)}" if whose else ", ".join(names)
            for whose, names in territories.items()
            if names
        )
        known = known or "none is known to this policy"
        click.echo(f"\nLaunches from the own territory are withheld; territory: {known}.")


@command.command(
    "explain",
    epilog="\b\nExamples:\n  commonwatch policy explain tracks message.json --to joint\n"
    "  commonwatch policy explain my-policy.toml message.json --to joint --json",
)
@click.argument("policy", metavar="POLICY")
@click.argument("message", metavar="MESSAGE.json")
@click.option("--to", "recipient", required=True, metavar="RECIPIENT", help="A nation's name.")
@click.option(
    "--at",
    "instant",
    metavar="UTC",
    help="When, as 2009-05-20T06:24:00Z; otherwise when the message was made.",
)
@_SCENARIO
@_JSON
def explain(
    policy: str,
    message: str,
    *,
    recipient: str,
    instant: str | None,
    scenario: str | None,
    as_json: bool,
) -> None:
    """Say what of a message may go to a recipient, by which rule, and what is changed in it.

    The message is JSON: what an envelope holds. A rule that does not fit is listed with the
    condition that fails.
    """
    from commonwatch.identity import NationId
    from commonwatch.sharing.explanation import explain as explained
    from commonwatch.sharing.policy import decide

    world = _scenario(scenario)
    read = _policy(policy, world)
    spoken = _message(message)
    if world is not None:
        read = _held(read, spoken.originator, world, message)
    _refuse_no_name(recipient)
    now_ns = spoken.made_ns if instant is None else _instant_ns(instant)
    decision = decide(spoken, NationId(recipient), read, now_ns)
    steps = explained(spoken, NationId(recipient), read, now_ns)
    changes = _changes(spoken, decision)
    if as_json:
        _print_json(_answer(decision, changes, steps))
    else:
        _say(decision, changes, steps)


def _scenario(name: str | None) -> Scenario | None:
    from commonwatch.scenario.load import load_scenario

    return None if name is None else load_scenario(name)


def _held(policy: Policy, originator: NationId, world: Scenario, where: str) -> Policy:
    """Return the policy as the originator's centre holds it in the scenario."""
    from commonwatch.errors import UnknownNameError
    from commonwatch.reading.text import printable
    from commonwatch.scenario.policies import held_by, may_hold

    if originator not in world.centres:
        raise UnknownNameError(
            "originator", printable(originator), world.centres, where=printable(where)
        )
    if not may_hold(originator, policy.owner, world):
        return policy
    return held_by(policy, originator, world)


def _territories(policy: Policy, world: Scenario | None) -> dict[str, list[str]]:
    """Name the boxes of the policy's own territory, and those of each nation that may hold it."""
    from commonwatch.scenario.policies import held_by, may_hold

    if world is None:
        return {"": [_named(box) for box in policy.territory]}
    return {
        str(nation.name): [_named(box) for box in held_by(policy, nation.name, world).territory]
        for nation in world.nations
        if may_hold(nation.name, policy.owner, world)
    }


def _named(box: Box) -> str:
    return box.name or (
        f"{box.latitude_min_deg:g} to {box.latitude_max_deg:g} north, "
        f"{box.longitude_min_deg:g} to {box.longitude_max_deg:g} east"
    )


def _policy(name: str, world: Scenario | None) -> Policy:
    from commonwatch.errors import UnknownNameError
    from commonwatch.reading.text import exists, printable
    from commonwatch.scenario import catalogue
    from commonwatch.scenario.policies import policy_text, read_for
    from commonwatch.sharing.policy import read_policy

    if name in catalogue.policy_names():
        path, name = catalogue.policy_path(name), f"{name}.toml"
    elif Path(name).suffix == ".toml" or len(Path(name).parts) != 1 or exists(Path(name)):
        path = Path(name)
    else:
        raise UnknownNameError("policy", name, catalogue.policy_names())
    text = policy_text(path, name)
    if world is None:
        return read_policy(text, name=printable(name), nations=None, sensors=None)
    return read_for(world, text, printable(name))


def _message(name: str) -> Message:
    import msgspec

    from commonwatch.errors import InputError
    from commonwatch.reading.text import printable
    from commonwatch.scenario.files import read_text
    from commonwatch.sharing.marking import Purpose
    from commonwatch.sharing.messages import KINDS, Message

    give = "Give the path of a message as JSON"
    text = read_text(Path(name), name, form="JSON", what_to_do=give)
    try:
        return msgspec.json.decode(text, type=Message)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(
            f"not a message: {printable(str(error))}",
            allowed=f"JSON with format, purpose (one of {', '.join(Purpose)}), originator, number, "
            f"made_ns and a body whose kind is one of {', '.join(KINDS)}",
            where=printable(name),
            what_to_do="Correct what is named, as docs/how-to/write-a-policy.md shows a message",
        ) from error


def _refuse_no_name(recipient: str) -> None:
    from commonwatch.errors import InputError
    from commonwatch.reading.text import printable

    if not recipient.strip() or not recipient.isprintable():
        raise InputError(
            f"{printable(recipient)} is no name of a nation",
            allowed="a name as policies have it, on one line",
            where="--to",
        )


def _instant_ns(text: str) -> int:
    from commonwatch.errors import InputError
    from commonwatch.reading.text import printable
    from commonwatch.units import ns_from_datetime

    try:
        instant = datetime.datetime.fromisoformat(text)
        is_since_1970 = instant.tzinfo is not None and instant.astimezone(datetime.UTC).year >= 1970
    except (ValueError, OverflowError):
        is_since_1970 = False
    if not is_since_1970:
        raise InputError(
            f"{printable(text)} is no instant with a zone",
            allowed="an instant since 1970 such as 2009-05-20T06:24:00Z",
            where="--at",
        )
    return ns_from_datetime(instant)


def _changes(message: Message, decision: Decision) -> list[dict[str, Any]]:
    """List every value of a message that leaves otherwise than it is."""
    import msgspec

    if decision.message is None:
        return []
    before, after = msgspec.to_builtins(message), msgspec.to_builtins(decision.message)
    return [{"field": path, "is": old, "goes": new} for path, old, new in _unlike(before, after)]


def _unlike(old: Any, new: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            found
            for key in old
            for found in _unlike(old[key], new.get(key), f"{path}.{key}" if path else key)
        ]
    return [(path, old, new)]


def _answer(
    decision: Decision, changes: list[dict[str, Any]], steps: list[tuple[str, str]]
) -> dict[str, Any]:
    import msgspec

    return {
        "originator": decision.originator,
        "kind": decision.kind,
        "number": decision.number,
        "purpose": str(decision.purpose),
        "recipient": decision.recipient,
        "decided_ns": decision.decided_ns,
        "verdict": str(decision.verdict),
        "rule": decision.rule,
        "words": decision.words,
        "due_ns": decision.due_ns,
        "changes": changes,
        "leaves": None if decision.message is None else msgspec.to_builtins(decision.message),
        "rules": [{"rule": name, "says": says} for name, says in steps],
    }


def _say(decision: Decision, changes: list[dict[str, Any]], steps: list[tuple[str, str]]) -> None:
    from commonwatch.units import utc_text

    outcome = _OUTCOMES[decision.verdict]
    click.echo(
        f"{decision.kind} {decision.number} of {decision.originator} {outcome} to "
        f"{decision.recipient}, {utc_text(decision.decided_ns)}: {decision.words}."
    )
    if changes:
        click.echo("\nWhat is changed in it:")
        for change in changes:
            click.echo(f"  {change['field']}: {_short(change['is'])} -> {_short(change['goes'])}")
    if steps:
        click.echo("\nRules of the policy:")
        for name, says in steps:
            click.echo(f'  "{name}": {says}')


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 70 else f"{text[:70]}..."


def _listed(names: tuple[str, ...]) -> str:
    said = {"*": "every known nation", "joint": "the joint centre"}
    return ", ".join(said.get(name, name) for name in names)


def _print_json(content: dict[str, Any]) -> None:
    click.echo(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))
