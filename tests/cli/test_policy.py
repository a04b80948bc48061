"""``commonwatch policy``: what leaves and why, in words and as JSON; mistakes as sentences."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import msgspec
import pytest

from commonwatch.cli.main import main
from commonwatch.identity import NationId
from commonwatch.scenario.load import load_scenario
from commonwatch.scenario.policies import policies_of
from commonwatch.sharing.policy import decide
from tests.sharing.build import MADE_NS, launch_report, message, rule

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-policy.md"
POLICY = "format = 1\n" + rule(
    'share = ["launch report"]\narea_step_km = 50.0\ndelay_s = 60.0\nfields_left_out = ["azimuth"]',
    name="coarse launches",
)
LATER = "2009-05-20T06:25:00Z"


def call(*arguments: str) -> int:
    """Run the command and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(["policy", *arguments])
    return ended.value.code if isinstance(ended.value.code, int) else 0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.toml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "message.json").write_bytes(msgspec.json.encode(message(launch_report())))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert call("explain", "mine.toml", "message.json", *arguments, "--json") == 0
    found: dict[str, object] = json.loads(capfd.readouterr().out)
    return found


def test_explain_says_what_leaves_by_which_rule_and_what_is_changed(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call("explain", "mine.toml", "message.json", "--to", "joint", "--at", LATER) == 0
    out = capfd.readouterr().out
    assert "launch report 12 of east goes, coarser to joint" in out
    assert 'rule "coarse launches"' in out
    assert "body.azimuth_deg: 310.0 -> nothing" in out
    assert "body.launch_area.latitude_deg: 35.23 -> " in out


def test_explain_says_when_a_delay_is_over(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = answer(capfd, "--to", "joint")
    assert found["verdict"] == "later"
    assert found["due_ns"] == MADE_NS + 60 * 10**9
    assert found["leaves"] is None


def test_explain_as_json_holds_what_leaves(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = answer(capfd, "--to", "joint", "--at", LATER)
    assert found["verdict"] == "share coarser"
    leaves = found["leaves"]
    assert isinstance(leaves, dict)
    assert leaves["body"]["kind"] == "launch report"
    assert leaves["body"]["azimuth_deg"] is None


def test_explain_says_why_nothing_leaves(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call("explain", "mine.toml", "message.json", "--to", "west") == 0
    out = capfd.readouterr().out
    assert "does not go to west" in out
    assert 'no nation "west" is known to the policy' in out
    assert "not about west as recipient" in out


@pytest.mark.parametrize("name", ["nothing", "launch-reports", "tracks", "detections"])
def test_bundled_policies_are_known_by_name(
    name: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call("check", name) == 0
    assert f"{name}.toml: no mistakes." in capfd.readouterr().out
    assert call("explain", name, "message.json", "--to", "joint") == 0
    is_shared = name != "nothing"
    assert ("does not go" in capfd.readouterr().out) is not is_shared


def test_check_as_json_lists_the_rules(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call("check", "mine.toml", "--json") == 0
    found = json.loads(capfd.readouterr().out)
    assert [each["rule"] for each in found["rules"]] == ["coarse launches"]
    assert found["own_launches"] == "withhold"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("check", "trcks"), 'Did you mean "tracks"?'),
        (("check", "missing.toml"), "there is no such file"),
        (("check", "wrong.toml"), 'unknown kind of message "trck report"'),
        (("check", "garbage.toml"), "not TOML"),
        (("check", "missing.toml"), "Give the path of a policy file"),
        (("explain", "mine.toml", "missing.json", "--to", "joint"), "there is no such file"),
        (("explain", "mine.toml", "missing.json", "--to", "joint"), "a JSON file that can be read"),
        (("explain", "mine.toml", "garbage.toml", "--to", "joint"), "not a message"),
        (("explain", "mine.toml", "message.json", "--to", "joint", "--at", "noon"), "no instant"),
        (("explain", "mine.toml", "message.json", "--to", " "), "is no name of a nation"),
        (("explain", "mine.toml", "message.json", "--to", "a\x1b[2J"), "a?[2J is no name"),
        (
            (
                "explain",
                "mine.toml",
                "message.json",
                "--to=joint",
                "--at=9999-12-31T23:59:59-14:00",
            ),
            "no instant",
        ),
        (("explain", "mine.toml", "message.json"), "--to"),
        (("check", "tracks", "--scenario", "irn-2009"), 'unknown scenario "irn-2009"'),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_2(
    arguments: tuple[str, ...], found: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = "format = 1\n" + rule('share = ["trck report"]')
    (folder / "wrong.toml").write_text(wrong, encoding="utf-8")
    (folder / "garbage.toml").write_text("\x01{[", encoding="utf-8")
    assert call(*arguments) == 2
    said = capfd.readouterr().err
    assert found in said
    assert "Traceback" not in said


def test_a_policy_is_held_to_the_nations_of_a_scenario(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = "format = 1\n" + rule('share = ["question"]', recipients='["ruzzia"]')
    (folder / "russia.toml").write_text(text, encoding="utf-8")
    assert call("check", "russia.toml") == 0
    assert call("check", "russia.toml", "--scenario", "iran-2009") == 2
    assert 'Did you mean "russia"?' in capfd.readouterr().err


def test_the_page_on_policies_says_what_the_program_does(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = dict.fromkeys(("toml", "json", "sh", "text"), "")
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        blocks[language] += block
    (folder / "east.toml").write_text(blocks["toml"], encoding="utf-8")
    (folder / "message.json").write_text(blocks["json"], encoding="utf-8")
    for line in blocks["sh"].splitlines():
        _, _, *arguments = shlex.split(line, comments=True)
        if "--scenario" in arguments:
            continue
        assert call(*arguments) == 0, line
        said = capfd.readouterr().out
        if "--at" in arguments:
            assert said == blocks["text"]


RUSSIAN = launch_report(60.0, 60.0)


def explained(folder: Path, capfd: pytest.CaptureFixture[str], originator: str) -> str:
    said = msgspec.structs.replace(message(RUSSIAN), originator=NationId(originator))
    (folder / "launch.json").write_bytes(msgspec.json.encode(said))
    arguments = ("launch-reports", "launch.json", "--to", "joint", "--scenario", "iran-2009")
    code = call("explain", *arguments)
    shown = capfd.readouterr()
    assert (code == 0) == (not shown.err)
    return shown.out or shown.err


def test_explain_withholds_what_a_centre_of_the_scenario_would(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A launch in Russia: its own, of which it does not speak, and news of another's centre."""
    world = load_scenario("iran-2009")
    for originator in ("russia", "us-nato"):
        held = policies_of(world, "launch-reports")[NationId(originator)]
        said = msgspec.structs.replace(message(RUSSIAN), originator=NationId(originator))
        expected = decide(said, world.joint.name, held, said.made_ns)
        shown = explained(folder, capfd, originator)
        assert ("does not go" in shown) == (expected.message is None) == (originator == "russia")
        assert expected.words in shown


def test_explain_refuses_an_originator_that_the_scenario_does_not_know(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = explained(folder, capfd, "rusia")
    assert 'unknown originator "rusia"' in shown
    assert 'Did you mean "russia"?' in shown


def test_check_names_the_territory_that_each_nation_of_the_scenario_has(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert call("check", "tracks", "--scenario", "iran-2009") == 0
    shown = capfd.readouterr().out
    assert "russia: " in shown
    assert "none is known" not in shown


def test_a_wrong_purpose_is_answered_with_those_there_are(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "message.json").read_text().replace('"actual"', '"real"')
    (folder / "wrong.json").write_text(text)
    assert call("explain", "mine.toml", "wrong.json", "--to", "joint") == 2
    assert "actual, exercise, test" in capfd.readouterr().err
