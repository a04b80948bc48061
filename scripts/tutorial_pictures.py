"""Pictures of the tutorials, drawn from the variables of a page that has run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from tutorial_charts import MARGIN_ABOVE, MARGIN_LEFT, Chart, drawn, ellipse

from commonwatch.earth.ellipsoid import ecef_from_geodetic, geodetic_from_ecef
from commonwatch.earth.frames import position_from_look_angles, rotation_enu_from_ecef
from commonwatch.report.figure import INK, LAND, NATION_COLOURS, QUIET, SEQUENCE, marker, text
from commonwatch.tracking.estimate import Status
from commonwatch.units import degrees_from_radians

Names = Mapping[str, Any]
F64 = npt.NDArray[np.float64]

WIDTH: Final = 760.0
BLUE, BROWN, GREEN = NATION_COLOURS[:3]
PALE: Final = "#e3ebf3"
PLOTS_SHOWN: Final = 4
DASHES: Final = ("2 3", "8 3", "6 2 2 2", "")


def looks_of_one_run(names: Names) -> str:
    """Where one run's looks lie, from above, and how they lie around the true place."""
    site, looks, truth = names["radar"].site, names["looks"][0], names["truth"]
    enu = (truth[:, :3] - site.position_ecef_m) @ site.rotation_enu_from_ecef.T / 1e3
    level = looks[:, 0] * np.cos(looks[:, 2]) / 1e3
    east, north = level * np.sin(looks[:, 1]), level * np.cos(looks[:, 1])
    above = Chart(
        left=MARGIN_LEFT, top=MARGIN_ABOVE, width=390, height=250, x=(-1_650, 300), y=(-1_050, 200),
        title="From above", x_title="east of the radar, km", y_title="north, km",
    )  # fmt: skip
    above.line(enu[:, 0], enu[:, 1], colour=INK, width=1.2)
    above.dots(east[::8], north[::8], colour=BLUE, size=2.2)
    above.parts.append(marker("square", *above.place(0.0, 0.0), size=5, colour=BROWN))
    above.words("radar", -50.0, 60.0, colour=BROWN, anchor="end")
    above.words("flight, and each eighth look", -1_000.0, -500.0, colour=BLUE)
    exact = names["exact"][names["first"] : names["last"] + 1]
    off = looks - exact
    across = off[:, 1] * exact[:, 0] * np.cos(exact[:, 2])
    around = Chart(
        left=MARGIN_LEFT + 460, top=MARGIN_ABOVE, width=220, height=250, x=(-4_400, 4_400),
        y=(-5_000, 5_000), title="Around the true place", x_title="across the line of sight, m",
        y_title="along, m", ticks=4,
    )  # fmt: skip
    around.dots(across, off[:, 0], colour=BLUE, size=1.5)
    return drawn(
        [above, around],
        width=WIDTH,
        height=340,
        alternative="Left: the flight seen from above, the radar and its looks. Right: the looks "
        "around the true place, a flat disc square to the line of sight.",
    )


def errors_of_one_run(names: Names) -> str:
    """Error and stated standard deviation of place and velocity over time."""
    off = np.linalg.norm(names["error"][:, 0].reshape(-1, 2, 3), axis=-1)
    diagonal = np.diagonal(names["covariances"][:, 0], axis1=1, axis2=2)
    stated = np.sqrt(diagonal.reshape(-1, 2, 3).sum(axis=-1))
    time_s = 2.0 * np.arange(1, len(off) + 1)
    charts = []
    for k, (title, unit, interval) in enumerate(
        (("Place", "m", (1.0, 10_000.0)), ("Velocity", "m/s", (0.01, 10_000.0)))
    ):
        chart = Chart(
            left=MARGIN_LEFT + 370 * k, top=MARGIN_ABOVE, width=300, height=220, x=(0.0, 600.0),
            y=interval, title=title, x_title="seconds of track", y_title=unit, is_log=True, ticks=4,
        )  # fmt: skip
        chart.line(time_s, off[:, k], colour=BLUE)
        chart.line(time_s, stated[:, k], colour=BROWN, dashes="6 3")
        chart.words("error", 300.0, interval[1] * 0.3, colour=BLUE)
        chart.words("stated, dashed", 300.0, interval[1] * 0.08, colour=BROWN)
        charts.append(chart)
    return drawn(
        charts,
        width=WIDTH,
        height=300,
        alternative="Error of place and of velocity in one run, and the standard deviation stated: "
        "both fall together.",
    )


def nees_of_all_runs(names: Names) -> str:
    """Mean NEES of all runs and its band."""
    nees = names["nees"]
    time_s = 2.0 * np.arange(1, len(nees) + 1)
    chart = Chart(
        left=MARGIN_LEFT, top=MARGIN_ABOVE, width=660, height=190, x=(0.0, 600.0), y=(4.0, 8.0),
        title=f"Mean NEES of {names['runs']} runs", x_title="seconds of track",
        y_title="band: 95 % of such means", ticks=6,
    )  # fmt: skip
    ends = np.array([time_s[0], time_s[-1]])
    chart.band(ends, np.full(2, names["low"]), np.full(2, names["high"]), colour=PALE)
    chart.line(ends, np.full(2, 6.0), colour=QUIET, width=1.0, dashes="3 3")
    chart.line(time_s, nees, colour=BLUE)
    return drawn(
        [chart],
        width=WIDTH,
        height=270,
        alternative="The mean normalised error squared over time stays inside its band around six.",
    )


def impact_ellipses(names: Names) -> str:
    """Ellipses of one run around the true impact, on two scales."""
    latitude, longitude = names["impact"]
    origin = ecef_from_geodetic(latitude, longitude, 0.0)
    level = rotation_enu_from_ecef(latitude, longitude)[:2]
    charts = []
    for k, (reach, looks) in enumerate(((80.0, (15, 30, 60)), (10.0, (60, 120)))):
        chart = Chart(
            left=MARGIN_LEFT + 370 * k, top=MARGIN_ABOVE, width=290, height=290, x=(-reach, reach),
            y=(-reach, reach), title="" if k else "95 % ellipses of the impact",
            x_title="east of the true impact, km", y_title="north, km", ticks=4,
        )  # fmt: skip
        for place, look in enumerate(looks):
            area = names["shown"][look]
            middle = ecef_from_geodetic(area.latitude_rad[0], area.longitude_rad[0], 0.0)
            east, north = level @ (middle - origin) / 1e3
            x, y = ellipse(
                float(east),
                float(north),
                area.long_half_axis_m[0] / 1e3,
                area.short_half_axis_m[0] / 1e3,
                float(area.orientation_rad[0]),
            )
            is_in = (np.abs(x) < reach) & (np.abs(y) < reach)
            colour = SEQUENCE[3 - place - k]
            chart.line(x, y, colour=colour, is_closed=bool(is_in.all()), width=1.8)
            top = int(np.argmax(np.where(is_in, y, -np.inf)))
            said = f"{2 * (look - 1)} s of track"
            chart.words(
                said, float(x[top]), float(y[top]) + 0.04 * reach, colour=colour, anchor="middle"
            )
        chart.parts.append(marker("diamond", *chart.place(0.0, 0.0), size=4, colour=BROWN))
        charts.append(chart)
    return drawn(
        charts,
        width=WIDTH,
        height=370,
        alternative="Ellipses of the predicted impact shrink around the true one, a diamond.",
    )


def tracks_among_plots(names: Names) -> str:
    """Every plot as a dot on a map, and the confirmed tracks through them."""
    radars, plots = names["radars"], names["detections"]
    chart = Chart(
        left=MARGIN_LEFT, top=MARGIN_ABOVE, width=660, height=360, x=(-50.0, -8.0), y=(23.0, 46.0),
        title=f"One in {PLOTS_SHOWN} of the plots, and what was found in them",
        x_title="longitude, degrees", y_title="latitude, degrees",
    )  # fmt: skip
    for k, radar in enumerate(radars):
        own = plots.measured[plots.sensor == k][::PLOTS_SHOWN, :3].T
        site = radar.site
        place = position_from_look_angles(site.position_ecef_m, site.rotation_enu_from_ecef, *own)
        north, east = _degrees(place)
        is_on = (east > -50.0) & (east < -8.0) & (north > 23.0) & (north < 46.0)
        chart.dots(east[is_on], north[is_on], colour=LAND, size=1.2)
    tracks = names["tracks"]
    tracks = tracks.take(tracks.status == Status.CONFIRMED)
    for number in np.unique(tracks.track):
        north, east = _degrees(tracks.state_vector[tracks.track == number, :3])
        chart.line(east, north, colour=BLUE, width=2.0)
    for radar in radars:
        latitude, longitude = (float(each) for each in _degrees(radar.site.position_ecef_m))
        x, y = chart.place(longitude, latitude)
        chart.parts.append(marker("square", x, y, size=5, colour=BROWN))
        said = f"{radar.sensor} ({radar.nation})"
        chart.words(said, longitude + 0.6, latitude - 0.3, colour=BROWN)
    chart.words("confirmed tracks", -44.0, 31.0, colour=BLUE)
    chart.words("plots", -48.5, 24.5, colour=QUIET)
    return drawn(
        [chart],
        width=WIDTH,
        height=440,
        alternative="A map full of plots, most of them false, with eight tracks that run east and "
        "three radars.",
    )


def _degrees(place: F64) -> tuple[F64, F64]:
    """Latitude and longitude of places, degrees."""
    latitude, longitude, _ = geodetic_from_ecef(place)
    return degrees_from_radians(latitude), degrees_from_radians(longitude)


def biases_found(names: Names) -> str:
    """Estimated biases of the radar that is out of true, over time."""
    true = names["biases"][2]
    history = [(at_s, found) for at_s, found in names["history"] if found.plot_count[2]]
    time_s = np.array([at_s for at_s, _ in history])
    value = np.stack([found.value[2, :3] for _, found in history])
    std = np.stack([found.std[2, :3] for _, found in history])
    charts = []
    for k, (title, unit, scale, reach) in enumerate(
        (("Range", "m", 1.0, 240.0), ("Azimuth", "mrad", 1e3, 5.0), ("Elevation", "mrad", 1e3, 5.0))
    ):
        chart = Chart(
            left=MARGIN_LEFT + 247 * k, top=MARGIN_ABOVE, width=180, height=200, x=(0.0, 300.0),
            y=(-reach, reach), title=title, x_title="seconds", y_title=unit, ticks=4,
        )  # fmt: skip
        middle, half = scale * value[:, k], 2.0 * scale * std[:, k]
        chart.band(time_s, middle - half, middle + half, colour=PALE)
        chart.line([0.0, 300.0], np.full(2, scale * true[k]), colour=BROWN, dashes="6 3")
        chart.line(time_s, middle, colour=BLUE)
        chart.dots(time_s, middle, colour=BLUE, size=2.2)
        charts.append(chart)
    charts[0].words("true", 10.0, true[0] + 15.0, colour=BROWN)
    return drawn(
        charts,
        width=WIDTH,
        height=280,
        alternative="The estimates of range, azimuth and elevation bias come to the true values "
        "while their bands narrow.",
    )


def counted_twice(names: Names) -> str:
    """NEES a dimension over time, for each way of sharing."""
    chart = Chart(
        left=MARGIN_LEFT, top=MARGIN_ABOVE, width=560, height=230, x=(0.0, 120.0), y=(0.1, 100.0),
        title="NEES of centre A, a dimension", x_title="seconds of exchange",
        y_title="honest is 1", is_log=True, ticks=6,
    )  # fmt: skip
    chart.line([0.0, 120.0], [1.0, 1.0], colour=QUIET, width=1.0, dashes="3 3")
    ends = {}
    for k, (name, rows) in enumerate(names["ways"].items()):
        time_s = 2.0 * np.arange(1, len(rows) + 1)
        chart.line(time_s, rows[:, 0], colour=NATION_COLOURS[k], width=2.0, dashes=DASHES[k])
        ends[name] = rows[-1, 0], NATION_COLOURS[k]
    heights = {"own news": 1.9, "nothing shared": 0.9, "intersection": 0.4}
    for name, (last, colour) in ends.items():
        x, y = chart.place(120.0, heights.get(name, last))
        chart.parts.append(text(name, x + 8, y + 4, colour=colour, size=12))
    return drawn(
        [chart],
        width=WIDTH,
        height=310,
        alternative="Naive sharing jumps up at each exchange; own news and nothing shared stay at "
        "one; intersection lies below.",
    )


PICTURES: Final[Mapping[str, Mapping[str, Callable[[Names], str]]]] = {
    "1-one-missile-one-radar": {
        "1-looks.svg": looks_of_one_run,
        "1-errors.svg": errors_of_one_run,
        "1-nees.svg": nees_of_all_runs,
        "1-impact.svg": impact_ellipses,
    },
    "2-three-radars-and-fusion": {
        "2-tracks.svg": tracks_among_plots,
        "2-biases.svg": biases_found,
        "2-counted-twice.svg": counted_twice,
    },
}
