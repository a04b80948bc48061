"""What sharing buys, in sentences: four points before those of sight."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Final

from commonwatch.report.additions import in_one_line
from commonwatch.report.content import (
    ReportCentre,
    ReportContent,
    ReportDelay,
    ReportLaydown,
    ReportLevel,
)
from commonwatch.report.estimates import LEAST_S
from commonwatch.report.sharing_figures import Flights, Gain, Sharing, World
from commonwatch.report.wording import capital, listed
from commonwatch.studies.score_intervals import Count
from commonwatch.studies.spread import INTERVAL_MIN, Spread

DELAYS_SHOWN_MAX: Final = 4
ADDITIONS_SHOWN_MAX: Final = 6
NOTHING: Final = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingPoint:
    """A point on centres: a letter, what it is about, and a sentence or a few."""

    letter: str
    heading: str
    sentences: tuple[str, ...]


def sharing_points(sharing: Sharing) -> tuple[SharingPoint, ...]:
    """Return points A to D; of what was not flown none, and no gap in the letters.

    Parameters
    ----------
    sharing
        From tables that have flights: see `sharing_figures.has_sharing`.
    """
    content = sharing.content
    wanted = (
        (f"What sharing buys: {content.laydown(content.everything).title}", _bought(sharing)),
        (_added_heading(sharing), _added(sharing)),
        ("First alert, confirmation; false and missed", _alerted(sharing)),
        ("What the delays move", _moved(sharing)),
    )
    said = [(heading, sentences) for heading, sentences in wanted if sentences]
    return tuple(
        SharingPoint(letter=letter, heading=heading, sentences=tuple(sentences))
        for letter, (heading, sentences) in zip("ABCD", said, strict=False)
    )


def seeds_text(sharing: Sharing) -> str:
    """Say over how many flights and seeds the figures are."""
    seeds = f"{len(sharing.seeds):,} seed" + ("" if len(sharing.seeds) == 1 else "s")
    return f"{flights_text(_flight_count(sharing))} in {seeds}"


def bracket_text(sharing: Sharing) -> str:
    """Say what the brackets of medians over all flights hold."""
    if _flight_count(sharing) < INTERVAL_MIN:
        return "least and greatest, of too few for a 95 % interval of the median"
    return "95 % interval of the median"


def _flight_count(sharing: Sharing) -> int:
    content = sharing.content
    return len(sharing.flights(content.everything, content.levels[0].name, content.centres[0].name))


def flights_text(count: int) -> str:
    """Write a number of flights."""
    return f"{count:,} flight" if count == 1 else f"{count:,} flights"


def spread_text(spread: Spread, *, sign: str = "", unit: str = "s") -> str:
    """Write a median with the interval of the median; a word where it never happens.

    Parameters
    ----------
    spread
        In the unit below.
    sign
        Before the figure, as "T+".
    unit
        After it.
    """
    if not math.isfinite(spread.median):
        return "never on half"
    low, middle, high = (
        f"{value:,.0f}" if math.isfinite(value) else "never"
        for value in (spread.median_low, spread.median, spread.median_high)
    )
    bracket = f" [{low}, {high}]" if low != high else ""
    return f"{sign}{middle} {unit}{bracket}"


def count_text(count: Count) -> str:
    """Write a count with its exact interval, in whole things, rounded outwards."""
    among = f" of {count.among:,}" if count.among is not None else ""
    low, high = math.floor(count.low + 1e-9), math.ceil(count.high - 1e-9)
    return f"{count.count:,}{among} [{low:,}, {high:,}]"


def gain_text(gain: Gain) -> str:
    """Write a mean gain with its interval."""
    if math.isnan(gain.mean_s) or (abs(gain.mean_s) < LEAST_S and not gain.more.count):
        return NOTHING
    if not math.isfinite(gain.low_s):
        return f"{gain.mean_s:,.0f} s"
    return f"{gain.mean_s:,.0f} s [{gain.low_s:,.0f}, {gain.high_s:,.0f}]"


def signed_text(value: float) -> str:
    """Write whole seconds with their sign; nothing has none, what is not known a dash."""
    if not math.isfinite(value):
        return "–"
    whole = round(value)
    return f"{whole:+,d}".replace("-", "−") if whole else "0"


def change_text(gain: Gain) -> tuple[str, str]:
    """Write a mean change with its sign, and apart its interval where it has one."""
    low, high = signed_text(gain.low_s), signed_text(gain.high_s)
    return f"{signed_text(gain.mean_s)} s", f"[{low}, {high}]" if low != high else ""


def by_level(sharing: Sharing, said: Callable[[str], str]) -> str:
    """Write something of every level in one line; levels that say the same are put together.

    Parameters
    ----------
    sharing
        Its levels, in their order.
    said
        What is to be said of a level, by its name.
    """
    pairs = [(level.title, said(level.name)) for level in sharing.content.levels]
    groups = [(list(same), words) for words, same in groupby(pairs, key=lambda pair: pair[1])]
    if len(groups) == 1:
        return f"whatever is shared: {groups[0][1]}"
    parts = [f"{listed([title for title, _ in same])} {words}" for same, words in groups]
    return "sharing " + "; ".join(parts)


def _bought(sharing: Sharing) -> list[str]:
    laydown = sharing.content.everything

    def said(centre: ReportCentre) -> str:
        return by_level(
            sharing, lambda level: _warned(sharing.flights(laydown, level, centre.name))
        )

    return [
        "Warning left when the impact area is known within 100 km: what half of "
        f"{seeds_text(sharing)} have or more, and on how many it is known.",
        *(f"{capital(centre.title)}, {said(centre)}." for centre in sharing.content.centres),
        *(
            f"No link joins {centre.title}: it shares nothing with others and hears nothing from "
            "them."
            for centre in sharing.content.centres
            if not centre.is_linked
        ),
    ]


def _warned(flights: Flights) -> str:
    """Say how much warning half of the flights leave, and on how many there is any."""
    known = flights.counted("impact_area_s")
    if not known.count:
        return f"never, {count_text(known)}"
    left = flights.durations("warning_left_s")
    if left.median < LEAST_S:
        return f"only {count_text(known)}"
    return f"{spread_text(left)}, {count_text(known)}"


def foreign_additions(sharing: Sharing) -> tuple[ReportLaydown, ...]:
    """Return the laydowns that add to the baseline, in the order of the scenario.

    The one that holds everything counts where there is no other.
    """
    content = sharing.content
    base = set(content.laydown(content.baseline).sensors)
    added = [laydown for laydown in content.laydowns if set(laydown.sensors) > base]
    single = [laydown for laydown in added if laydown.name != content.everything]
    return tuple(single or added)


def is_own(centre: ReportCentre, laydown: ReportLaydown, content: ReportContent) -> bool:
    """Whether all that a laydown adds to the baseline is a centre's own.

    Parameters
    ----------
    centre, laydown
        Of ``content``.
    content
        Which laydown is the baseline.
    """
    added = set(laydown.sensors) - set(content.laydown(content.baseline).sensors)
    return added <= set(centre.sensors)


def _added_heading(sharing: Sharing) -> str:
    return f"What others’ sensors add to {sharing.baseline_centre.title}"


def _added(sharing: Sharing) -> list[str]:
    content, centre = sharing.content, sharing.baseline_centre
    more = set(centre.sensors) - set(_baseline_sensors(content))
    shown = [one for one in foreign_additions(sharing) if not more & set(one.sensors)]
    if not shown:
        return []
    without = sharing.flights(content.baseline, content.levels[0].name, centre.name)
    return [
        f"{capital(centre.title)} alone: impact area known on "
        f"{count_text(without.counted('impact_area_s'))}. How much more warning with others’, mean "
        "over the flights, and on how many it is then known:",
        *_added_by_level(sharing, shown[:ADDITIONS_SHOWN_MAX]),
    ]


def _added_by_level(sharing: Sharing, shown: Sequence[ReportLaydown]) -> Iterator[str]:
    """Say what additions give, a sentence for levels in a row that give the same."""
    said = [(level.title, _added_at(sharing, level, shown)) for level in sharing.content.levels]
    for words, same in groupby(said, key=lambda pair: pair[1]):
        titles = [title for title, _ in same]
        whose = "Whatever is shared" if len(titles) == len(said) else f"Sharing {listed(titles)}"
        yield f"{whose}: {words}."


def _added_at(sharing: Sharing, level: ReportLevel, shown: Sequence[ReportLaydown]) -> str:
    """Say what each addition gives at one level."""
    centre = sharing.baseline_centre
    base = sharing.flights(sharing.content.baseline, level.name, centre.name)
    said = []
    for laydown in shown:
        own = sharing.flights(laydown.name, level.name, centre.name)
        words = gain_text(sharing.gain(own, base))
        if words != NOTHING:
            words += f", {count_text(own.counted('impact_area_s'))}"
        said.append((laydown.title, words))
    return NOTHING if all(words == NOTHING for _, words in said) else in_one_line(said)


def _baseline_sensors(content: ReportContent) -> tuple[str, ...]:
    return content.laydown(content.baseline).sensors


def _alerted(sharing: Sharing) -> list[str]:
    laydown = sharing.content.everything

    def of_each(said: Callable[[str, str], str]) -> str:
        pairs = [
            (centre.title, by_level(sharing, partial(said, centre.name)))
            for centre in sharing.content.centres
        ]
        parts = []
        for words, same in groupby(pairs, key=lambda pair: pair[1]):
            parts.append(f"{capital(listed([title for title, _ in same]))}, {words}")
        return ". ".join(parts)

    def instant(name: str) -> Callable[[str, str], str]:
        return lambda centre, level: _instant(sharing.flights(laydown, level, centre), name)

    def missed(centre: str, level: str) -> str:
        return count_text(sharing.flights(laydown, level, centre).missed)

    return [
        f"First alert, half by: {of_each(instant('unconfirmed_s'))}.",
        f"Confirmed, half by: {of_each(instant('confirmed_s'))}.",
        f"Missed flights: {of_each(missed)}.",
        f"Alerts of no flight, most at any level: {_false(sharing)}.",
    ]


def _false(sharing: Sharing) -> str:
    """Say for each centre at which level most of its alerts are false, and how many confirmed."""
    said = []
    for centre in sharing.content.centres:
        levels = [
            (sharing.alarms(sharing.content.everything, level.name, centre.name), level.title)
            for level in sharing.content.levels
        ]
        worst, title = max(levels, key=lambda pair: _share(pair[0].false))
        if not worst.alert_count:
            said.append(f"{capital(centre.title)} no alert")
            continue
        said.append(
            f"{capital(centre.title)} {count_text(worst.false)} (sharing {title}), confirmed "
            f"{count_text(worst.false_confirmed)}"
        )
    return "; ".join(said)


def _share(count: Count) -> tuple[float, int]:
    """Return what part it is; of equal ones that from more comes first."""
    return (count.count / count.among, count.among) if count.among else (-1.0, 0)


def _instant(flights: Flights, name: str) -> str:
    spread = flights.instants(name)
    if not spread.count:
        return "never"
    if not math.isfinite(spread.median):
        return f"only {count_text(flights.counted(name))}"
    return spread_text(spread, sign="T+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayEffect:
    """What one delay moves at one centre: the mean change of warning at both ends, seconds.

    The change is from worlds in which that delay is drawn from its interval, as all others are.
    """

    delay: ReportDelay
    laydown: str
    level: str
    centre: ReportCentre
    at_low: Gain
    at_high: Gain

    @property
    def swing_s(self) -> float:
        """How far apart both ends are."""
        return abs(self.at_low.mean_s - self.at_high.mean_s)


def delay_effects(sharing: Sharing) -> list[DelayEffect]:
    """Return what each delay moves, the largest first, of every centre, laydown and level."""
    found = []
    delays = {delay.name: delay for delay in sharing.content.delays}
    kinds = dict.fromkeys(world[:3] for world in sharing.moved)
    for laydown, level, name in kinds:
        for centre in sharing.content.centres:
            nominal = sharing.flights(laydown, level, centre.name)
            ends = [_end(sharing, (laydown, level, name, case), centre) for case in ("low", "high")]
            if name not in delays or not len(nominal) or not all(len(end) for end in ends):
                continue
            low, high = (sharing.gain(end, nominal) for end in ends)
            if not low.more.among or not high.more.among:
                continue
            found.append(
                DelayEffect(
                    delay=delays[name],
                    laydown=laydown,
                    level=level,
                    centre=centre,
                    at_low=low,
                    at_high=high,
                )
            )
    return sorted(found, key=lambda effect: -effect.swing_s)


def _end(sharing: Sharing, world: World, centre: ReportCentre) -> Flights:
    laydown, level, delay, case = world
    return sharing.flights(laydown, level, centre.name, delay=delay, case=case)


def _moved(sharing: Sharing) -> list[str]:
    effects = delay_effects(sharing)
    if not effects:
        return []
    levels = {level.name: level.title for level in sharing.content.levels}
    best: dict[str, DelayEffect] = {}
    for effect in effects:  # the largest first
        best.setdefault(effect.delay.name, effect)
    sentences = []
    for effect in list(best.values())[:DELAYS_SHOWN_MAX]:
        delay = effect.delay
        what = f"{capital(delay.title)}, {delay.low_s:g} to {delay.high_s:g} s"
        ends = effect.at_low, effect.at_high
        if {signed_text(gain.mean_s) for gain in ends} == {"0"}:
            sentences.append(f"{what}: moves the warning left by less than 1 s.")
            continue
        laydown = sharing.content.laydown(effect.laydown).title
        low, high = (" ".join(change_text(gain)).rstrip() for gain in ends)
        sentences.append(
            f"{what} (nominal {delay.nominal_s:g}): moves the warning left at "
            f"{effect.centre.title} by {low} to {high}, mean ({laydown}; sharing "
            f"{levels[effect.level]})."
        )
    return sentences
