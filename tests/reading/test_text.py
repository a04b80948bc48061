"""Files that are none, too large, no text, no TOML, of another format."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.errors import InputError, ScenarioError
from commonwatch.reading.text import exists, parsed, printable, read_content


def test_a_file_at_the_limit_is_read_and_one_past_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 10)
    assert read_content(path, "a", bytes_max=10) == b"x" * 10
    with pytest.raises(InputError, match=r"a: the file is too large.\n  Allowed: at most 9 bytes"):
        read_content(path, "a", bytes_max=9)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b" \n")
    for name, said in (("no", "no such file"), (".", "it is a folder"), ("empty", "is empty")):
        with pytest.raises(InputError, match=said):
            read_content(tmp_path / name, name, bytes_max=10)
    with pytest.raises(InputError, match="null character"):
        read_content(Path("a\0b"), "a\0b", bytes_max=10)
    assert not exists(Path("a\0b"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff", r"not text in UTF-8 \(byte 0\)"),
        (b"a = ", "not TOML"),
        (b"a = " + b"[" * 100_000, "nested too deeply|not TOML"),
        (b"a = " + b"1" * 5_000, "too many digits"),
    ],
)
def test_what_is_no_toml_is_refused_with_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parsed(content, "a.toml", format_number=1)


def test_another_format_is_refused_and_none_is_left_to_the_walk() -> None:
    with pytest.raises(ScenarioError, match=r"format = 2, which .*\n  Allowed: format = 1"):
        parsed(b"format = 2", "a.toml", format_number=1)
    assert parsed(b"\xef\xbb\xbfa = 1", "a.toml", format_number=1) == {"a": 1}


def test_text_is_made_fit_for_a_screen() -> None:
    assert printable("a\x1b[31mb") == "a?[31mb"
    assert printable("") == '""'
