"""Unknown names and names that stand twice."""

from __future__ import annotations

from typing import Any

from commonwatch.reading.mistakes import in_file_order
from commonwatch.reading.names import duplicates, list_of_names, one_name, suggestion

TREE: dict[str, Any] = {
    "boats": [{"name": "gull", "crew": ["ann", "bob", "bob", "bbo"]}, {"name": "gull"}, 3],
    "flagship": "gul",
}
KNOWN = frozenset({"ann", "bob", "gull"})


def test_a_name_that_stands_twice_is_told_at_its_second_place() -> None:
    [mistake] = in_file_order(TREE, duplicates(TREE, ("boats",), "boat"), limit=9)
    assert mistake.path == 'boats[1] "gull"'
    assert mistake.found == 'the boat name "gull" stands twice'


def test_a_name_that_the_catalogue_has_is_taken() -> None:
    faults = list(duplicates(TREE, ("boats",), "boat", taken=("gull",)))
    assert "is taken already" in faults[0].found


def test_entries_of_a_list_are_told_one_by_one() -> None:
    faults = list_of_names(TREE["boats"][0], ("boats", 0), "crew", "sailor", KNOWN)
    said = [(each.path, each.found) for each in in_file_order(TREE, faults, limit=9)]
    assert said == [
        ('boats[0] "gull".crew[2]', 'the sailor "bob" stands twice in the list'),
        ('boats[0] "gull".crew[3]', 'unknown sailor "bbo"'),
    ]


def test_one_unknown_name_is_told_with_the_nearest() -> None:
    [fault] = one_name(TREE, (), "flagship", "boat", KNOWN)
    assert fault.found == 'flagship = "gul" is an unknown boat'
    assert fault.what_to_do == 'Did you mean "gull"?'
    assert suggestion("zzz", KNOWN) == ""
