"""The page: complete in itself, escaped, readable by everyone."""

import dataclasses
import functools
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from commonwatch.report import maps, write_picture, write_report
from commonwatch.report.coverage_maps import gap_figures
from commonwatch.report.frames import world_frame
from commonwatch.report.listings import value_listings
from commonwatch.report.rendering import unbroken
from tests.report.build_tables import content_of
from tests.report.worlds import World, dprk_2017, falcon, globe, iran_2009

WORLDS: dict[str, Callable[[], World]] = {
    "iran-2009": iran_2009,
    "falcon-ascent": falcon,
    "dprk-2017": dprk_2017,
    "globe-2024": functools.partial(globe, 8),
}
SHARES = ("shapley_low_s", "shapley_nominal_s", "shapley_high_s")
HELD = [
    words.replace("_", "\N{NO-BREAK SPACE}")
    for words in ("T+47_s_[30,_57];", "+_Gabala", "4_of_4_[1,_4].")
]
VOID = {"meta", "input", "br", "col", "link", "img", "hr"}
VOID_SHAPES = {"path", "rect", "circle", "use", "image"}


class Reader(HTMLParser):
    """Collects what the tests ask about, and checks that elements close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, words: str) -> None:
        self.words.append(words)

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@functools.cache
def page(name: str) -> str:
    return write_report(content_of(WORLDS[name]()))


@functools.cache
def reader(name: str) -> Reader:
    return Reader(page(name))


everywhere = pytest.mark.parametrize("name", list(WORLDS))


@everywhere
def test_the_page_loads_nothing(name: str) -> None:
    for _, attributes in reader(name).tags:
        for key in ("src", "href", "xlink:href", "srcset", "action", "poster", "background"):
            address = attributes.get(key)
            assert address is None or address.startswith(("#", "data:image/png;base64,"))
    assert not re.search(r"url\((?!#)|@import", page(name))
    assert not [tag for tag, _ in reader(name).tags if tag in {"link", "iframe", "object"}]


@everywhere
def test_every_element_is_closed_in_order(name: str) -> None:
    assert reader(name).open == []


@everywhere
def test_every_identifier_is_there_once_and_every_reference_leads_to_one(name: str) -> None:
    ids = Counter(a["id"] for _, a in reader(name).tags if "id" in a)
    assert [key for key, count in ids.items() if count > 1] == []
    wanted = {str(a["href"])[1:] for a in reader(name).all("a", "use")}
    wanted |= set(re.findall(r"url\(#([\w-]+)\)", page(name)))
    wanted |= {str(a["for"]) for a in reader(name).all("label")}
    assert wanted <= set(ids)


@everywhere
def test_the_language_title_and_one_first_heading_are_given(name: str) -> None:
    assert reader(name).all("html")[0]["lang"] == "en-GB"
    assert len(reader(name).all("title")) >= 1
    assert len(reader(name).all("h1")) == 1


@everywhere
def test_headings_go_down_one_level_at_a_time(name: str) -> None:
    levels = [int(tag[1]) for tag, _ in reader(name).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


@everywhere
def test_every_picture_has_words_for_those_who_cannot_see_it(name: str) -> None:
    for attributes in reader(name).all("svg"):
        assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true"


@everywhere
def test_every_head_of_a_table_says_what_it_heads(name: str) -> None:
    assert all(
        attributes.get("scope") in {"col", "row", "colgroup"}
        for attributes in reader(name).all("th")
    )
    assert len(reader(name).all("caption")) == len(reader(name).all("table"))


@everywhere
def test_the_page_stays_small(name: str) -> None:
    assert len(page(name).encode()) < 4_000_000


def test_odd_names_are_shown_and_never_obeyed() -> None:
    odd = '<script>alert("x")</script> & \'"'
    world = iran_2009()
    world.sensors[0].title = odd
    world.sensors[0].nation = odd
    world.title = world.question = world.look_for = odd
    world.laydowns = [(name, title + odd, sensors) for name, title, sensors in world.laydowns]
    content = content_of(world)
    content = dataclasses.replace(
        content, place_titles={"semnan": odd}, vehicle_titles={"sejil-2": odd}, not_flown=(odd,)
    )
    html = write_report(content)
    assert '<script>alert("x")' not in html
    found = Reader(html)
    assert len(found.all("script")) == 1
    assert found.open == []
    assert odd in "".join(found.words)


def test_hypothetical_arcs_are_marked_in_the_table_of_arcs() -> None:
    content = content_of(iran_2009())
    beyond = [
        arc for arc in content.tables["arcs"].to_pylist() if not arc["within_published_range_2009"]
    ]
    assert page("iran-2009").count('<span class="mark notable">hypothetical</span>') == len(beyond)


def test_the_table_of_arcs_gives_drag_with_its_interval_and_the_coefficient() -> None:
    html = page("iran-2009")
    arcs = html[html.index('<section id="arcs">') : html.index('<section id="limits">')]
    assert ">9.0<small>[6.0, 14.0]</small>" in arcs
    assert ">4.0<small>[2.5, 6.5]</small>" in arcs
    assert ">1,000<" in arcs


def test_maps_of_gaps_count_flights_within_the_published_range_and_say_so() -> None:
    world = iran_2009()
    world.published_km = 1_800.0
    content = content_of(world)
    rows = [
        row
        for row in content.tables["gaps"].to_pylist()
        if row["laydown"] == "us-nato" and row["case"] == "nominal"
    ]
    within = [row for row in rows if row["within_published_range_2009"]]
    assert 0 < len(within) < len(rows)
    shares = [
        sum(row["longest_unseen_s"] >= content.gap_s for row in some) / len(some)
        for some in (within, rows)
    ]
    caption = gap_figures(content)[0].caption
    assert f"{shares[0]:.0%} [" in caption.partition("of the flights within the published")[0]
    assert f"{shares[1]:.0%} [" in caption.partition("such a gap; ")[2]
    assert "hypothetical ones included" in caption


def test_maps_of_gaps_without_a_flight_within_the_published_range_count_all_and_say_so() -> None:
    world = iran_2009()
    world.published_km = 10.0
    assert "of all flights, every one hypothetical" in gap_figures(content_of(world))[0].caption


def test_each_flight_that_is_given_comes_down_at_a_cross_of_its_own() -> None:
    """All their aim points are called "impact"."""
    content = content_of(iran_2009())
    arcs = content.tables["arcs"]
    names = pa.array(["impact"] * arcs.num_rows)
    given = arcs.set_column(arcs.schema.get_field_index("aim_point"), "aim_point", names)
    content = dataclasses.replace(content, tables={**content.tables, "arcs": given})
    scene = maps.gather(content)
    ends = {
        (given["aim_latitude_deg"][arc.row].as_py(), given["aim_longitude_deg"][arc.row].as_py())
        for arc in scene.chosen
    }
    drawn = maps.draw(scene, world_frame()).svg.count("l8 8m0-8l-8 8")
    assert drawn == len(ends) > 1


def test_shares_that_were_left_out_are_said_to_be_with_the_reason() -> None:
    content = content_of(globe(8))
    value = content.tables["value"].to_pylist()
    many = [
        {**row, "sensor": f"{row['sensor']}-{copy}"} | dict.fromkeys(SHARES)
        for row in value
        for copy in (1, 2)
    ]
    tables = {
        **content.tables,
        "value": pa.Table.from_pylist(many, schema=content.tables["value"].schema),
    }
    notes = [table.note for table in value_listings(dataclasses.replace(content, tables=tables))]
    count = len({row["sensor"] for row in many})
    assert count > 12
    assert all(f"left out for more than 12 of them; here are {count}" in note for note in notes)
    assert not any(table.note for table in value_listings(content))


def test_numbers_stay_with_their_units_and_intervals() -> None:
    said = "half by T+47 s [30, 57]; + Gabala 4 of 4 [1, 4]."
    assert unbroken(said).split(" ") == ["half", "by", *HELD]


def test_tables_that_a_run_lacks_are_said_to_be_missing() -> None:
    content = content_of(falcon())
    kept = ("arcs", "paths", "visibility", "knowledge", "sensors")
    tables = {name: content.tables[name] for name in kept}
    html = write_report(dataclasses.replace(content, tables=tables))
    assert "Not computed for this scenario." in html
    assert 'id="coverage"' not in html


def test_the_same_tables_give_the_same_page() -> None:
    assert write_report(content_of(falcon())) == page("falcon-ascent")


def test_the_page_says_how_it_was_made() -> None:
    content = content_of(iran_2009())
    for said in (content.version, content.scenario_digest, content.command, str(content.seed)):
        assert said in page("iran-2009")


@everywhere
def test_the_picture_is_one_well_formed_file_that_refers_to_nothing_outside_it(name: str) -> None:
    picture = write_picture(content_of(WORLDS[name]()))
    root = ElementTree.fromstring(picture)  # our own file
    names = {element.get("id") for element in root.iter() if element.get("id")}
    assert set(re.findall(r"url\(#([\w-]+)\)", picture)) <= names
    assert "href" not in picture
    assert len(picture.encode()) < 1_000_000


def test_the_picture_escapes_odd_names() -> None:
    odd = '<script>alert("x")</script> & \'"'
    world = iran_2009()
    world.title = world.sensors[0].title = odd
    picture = write_picture(content_of(world))
    assert "<script" not in picture
    assert any(odd in (element.text or "") for element in ElementTree.fromstring(picture).iter())


def test_flights_that_were_refused_are_listed_with_their_reason() -> None:
    content = dataclasses.replace(content_of(falcon()), not_flown=("A to B: too far.",))
    html = write_report(content)
    assert '1 arc not flown: see <a href="#not-flown">Not flown</a>' in html
    assert "Not flown</h3><ul><li>A to B: too far.</li></ul>" in html
    assert "Not flown" not in page("falcon-ascent")


def test_a_record_ends_and_has_no_impact() -> None:
    content = content_of(falcon())
    arcs = content.tables["arcs"]
    place = arcs.column_names.index("impact_s")
    blank = pa.array([None] * arcs.num_rows, pa.float64())
    tables = {**content.tables, "arcs": arcs.set_column(place, "impact_s", blank)}
    html = write_report(dataclasses.replace(content, tables=tables))
    timeline = html[html.index('<section id="timeline">') : html.index('<section id="coverage">')]
    end_s = max(row["time_s"] for row in content.tables["paths"].to_pylist())
    assert f"end of record {end_s:,.0f}" in timeline
    assert ">impact " not in timeline
