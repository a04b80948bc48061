"""Small made-up worlds: places, sensors and laydowns near those of the bundled scenarios."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

import numpy as np


@dataclass
class SensorRow:
    sensor: str
    title: str
    nation: str
    latitude_deg: float = np.nan
    longitude_deg: float = np.nan
    range_km: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    sectors: tuple[tuple[float, float], ...] = ()
    band: str = "UHF"
    role: str = "search"
    status: str = "in service"
    note: str = ""
    kind: str = "radar"
    source: str = "KeepTrack"


@dataclass
class World:
    name: str
    title: str
    question: str
    look_for: str
    date: datetime.date
    launches: dict[str, tuple[float, float]]
    aims: dict[str, tuple[float, float]]
    arcs: dict[str, float]
    sensors: list[SensorRow]
    laydowns: list[tuple[str, str, list[str]]]
    published_km: float = 2500.0
    step_deg: float = 2.0
    area: tuple[float, float, float, float] = (10, 70, -15, 90)
    gap_area: tuple[float, float, float, float] = (25, 40, 44, 63)
    burns: tuple[str, ...] = ("nominal", "low", "high")
    notes: dict[str, str] = field(default_factory=dict)


def iran_sensors() -> list[SensorRow]:
    return [
        SensorRow("FYL", "Fylingdales", "US", 54.36, -0.67, (4500, 5000, 5556), ((0, 360),)),
        SensorRow("THU", "Thule", "US", 76.57, -68.3, (5000, 5250, 5556), ((297, 177),)),
        SensorRow(
            "HKR", "Har Keren", "US", 31.0, 34.5, (1500, 2000, 3000), ((5, 125),), "X", "cued"
        ),
        SensorRow(
            "EMR",
            "Brdy",
            "US",
            49.65,
            13.79,
            (1500, 2500, 4000),
            ((0, 360),),
            "X",
            "cued",
            "planned",
            "cancelled 2009-09-17",
        ),
        SensorRow(
            "GAB",
            "Gabala",
            "RU",
            40.87,
            47.8,
            (5500, 6000, 6000),
            ((107, 217),),
            "VHF",
            "search",
            "offered",
            "offered by Russia in June 2007",
        ),
        SensorRow(
            "ARM-SE",
            "Armavir SE",
            "RU",
            44.93,
            40.98,
            (4000, 5000, 6000),
            ((55, 175),),
            "UHF",
            "search",
            "trial duty",
            "one array on trial duty from 2009-02",
        ),
        SensorRow(
            "ARM-SW",
            "Armavir SW",
            "RU",
            44.93,
            40.98,
            (4000, 5000, 6000),
            ((175, 295),),
            "UHF",
            "search",
            "trial duty",
            "one array on trial duty from 2009-02",
        ),
        SensorRow("DSP-EUR", "DSP over Africa", "US", band="IR", kind="infrared"),
        SensorRow("SBIRS-HEO-1", "SBIRS HEO-1", "US", band="IR", kind="infrared"),
    ]


def iran_2009() -> World:
    sensors = iran_sensors()
    base = ["FYL", "THU", "DSP-EUR", "SBIRS-HEO-1"]
    return World(
        name="iran-2009",
        title="Launches from Iran, as the sensors of 2009 would have seen them",
        question="What would Gabala and Armavir have added to the warning of Iranian launches?",
        look_for="Who first holds a radar track, and which arcs nobody follows without Armavir.",
        date=datetime.date(2009, 5, 20),
        launches={
            "semnan": (35.23, 53.92),
            "tabriz": (38.08, 46.29),
            "bandar-abbas": (27.18, 56.27),
            "zahedan": (29.5, 60.86),
        },
        aims={
            "ankara": (39.93, 32.86),
            "bucharest": (44.43, 26.1),
            "athens": (37.98, 23.73),
            "volgograd": (48.7, 44.51),
            "moscow": (55.75, 37.62),
            "warsaw": (52.23, 21.01),
            "rome": (41.9, 12.5),
            "london": (51.5, -0.13),
        },
        arcs={"minimum-energy": 0.25, "lofted": 0.45, "depressed": 0.14},
        sensors=sensors,
        laydowns=[
            ("us-nato", "US and NATO, 2009", base),
            ("us-nato+israel", "+ radar in Israel", [*base, "HKR"]),
            ("us-nato+brdy", "+ planned Czech radar", [*base, "EMR"]),
            ("us-nato+gabala", "+ Gabala", [*base, "GAB"]),
            ("us-nato+armavir-se", "+ Armavir, south-east face", [*base, "ARM-SE"]),
            ("us-nato+armavir-sw", "+ Armavir, south-west face", [*base, "ARM-SW"]),
            ("us-nato+armavir", "+ Armavir, both faces", [*base, "ARM-SE", "ARM-SW"]),
            ("all", "All together", [row.sensor for row in sensors]),
        ],
        notes={"us-nato+armavir-se": "Sources disagree which face was on trial duty."},
    )


def falcon() -> World:
    return World(
        name="falcon-ascent",
        title="A real ascent, webcast once a second",
        question="Who sees it?",
        look_for="The satellite while the motor burns, the coastal radar after.",
        date=datetime.date(2017, 6, 23),
        burns=("nominal",),
        launches={"ksc-39a": (28.61, -80.6)},
        aims={"": (28.3, -73.0)},
        arcs={"recorded": 0.17},
        sensors=[
            SensorRow(
                "COAST",
                "Coastal radar (fictional)",
                "X",
                27.9,
                -80.5,
                (600, 800, 1000),
                ((30, 150),),
            ),
            SensorRow("GEO", "Infrared satellite", "US", band="IR", kind="infrared"),
        ],
        laydowns=[("all", "All", ["COAST", "GEO"])],
        area=(20, 36, -88, -66),
        gap_area=(20, 20, 0, 0),
    )


def dprk_2017() -> World:
    return World(
        name="dprk-2017",
        title="The lofted tests of 2017",
        question="What did the region see?",
        look_for="The forward-based radars in Japan.",
        date=datetime.date(2017, 11, 28),
        launches={"pyongsong": (39.28, 125.87), "kusong": (40.0, 125.2)},
        aims={"sea-of-japan": (41.0, 135.0), "pacific": (38.0, 170.0), "east": (44.0, -170.0)},
        arcs={"lofted": 0.9},
        sensors=[
            SensorRow(
                "SHA",
                "Shariki",
                "US",
                40.89,
                140.34,
                (1500, 2000, 3000),
                ((220, 340),),
                "X",
                "cued",
            ),
            SensorRow(
                "COB", "Cobra Dane", "US", 52.74, 174.09, (3200, 4000, 14000), ((259, 19),), "L"
            ),
            SensorRow("DSP-PAC", "DSP over the Pacific", "US", band="IR", kind="infrared"),
        ],
        laydowns=[
            ("satellites", "Satellites only", ["DSP-PAC"]),
            ("all", "All", ["SHA", "COB", "DSP-PAC"]),
        ],
        area=(20, 60, 110, 200),
        gap_area=(36, 42, 124, 130),
    )


def globe(count: int = 60) -> World:
    generator = np.random.default_rng(2024)
    latitude = np.degrees(np.arcsin(generator.uniform(-0.6, 0.95, 2 * count)))
    longitude = generator.uniform(-180, 180, 2 * count)
    places = [(float(a), float(b)) for a, b in zip(latitude, longitude, strict=True)]
    base = iran_2009()
    sensors = [row for row in base.sensors if row.kind == "radar"]
    sensors += [
        SensorRow("PEC", "Pechora", "RU", 65.21, 57.3, (6000, 6600, 7200), ((305, 55),), "VHF")
    ]
    sensors += [
        SensorRow("COB", "Cobra Dane", "US", 52.74, 174.09, (3200, 4000, 14000), ((259, 19),), "L")
    ]
    return World(
        name="globe-2024",
        title="All sensors, many launch areas",
        question="Where does nobody see?",
        look_for="The southern hemisphere.",
        date=datetime.date(2024, 1, 1),
        launches={f"area-{i:03d}": places[i] for i in range(count)},
        aims={f"aim-{i:03d}": places[count + i] for i in range(count)},
        arcs={"minimum-energy": 0.25},
        sensors=sensors,
        laydowns=[("all", "All sensors of the catalogue", [row.sensor for row in sensors])],
        published_km=30000,
        step_deg=5,
        area=(-90, 90, -180, 180),
        gap_area=(-60, 80, -180, 175),
    )
