"""Recorded flights through the coast test."""

from __future__ import annotations

from dataclasses import replace

import pytest

from commonwatch.flight.coast import Verdict, coast_evidence, first_coast
from commonwatch.flight.propagation import APOGEE, free_flight
from commonwatch.studies.validation_telemetry import (
    BULGARIASAT,
    ZUMA,
    ZUMA_BOOST_BACK_S,
    highest_altitude_m,
    samples,
)


def test_the_coast_of_bulgariasat_is_accepted() -> None:
    time, states = samples(BULGARIASAT, 0.0, BULGARIASAT.coast_end_s)
    evidence = coast_evidence(time, states, cut_off_s=BULGARIASAT.cut_off_s)
    assert evidence.verdict is Verdict.FREE_FLIGHT, evidence.sentence
    assert evidence.apogee_difference_m < 3_000.0


def test_the_boost_back_of_zuma_is_refused() -> None:
    evidence = coast_evidence(*samples(ZUMA, *ZUMA_BOOST_BACK_S))
    assert evidence.verdict is Verdict.NOT_FREE_FLIGHT, evidence.sentence


def test_the_flight_of_zuma_from_cut_off_to_re_entry_is_refused_for_its_boost_back() -> None:
    time, states = samples(ZUMA, 0.0, ZUMA.coast_end_s)
    evidence = coast_evidence(time, states, cut_off_s=ZUMA.cut_off_s)
    assert evidence.verdict is Verdict.NOT_FREE_FLIGHT
    assert ZUMA_BOOST_BACK_S[0] < evidence.residual_max_at_s < ZUMA_BOOST_BACK_S[1]


def test_the_coast_of_zuma_after_its_boost_back_is_accepted() -> None:
    time, states = samples(ZUMA, 0.0, ZUMA.coast_end_s)
    evidence = coast_evidence(time, states, cut_off_s=ZUMA_BOOST_BACK_S[1])
    assert evidence.verdict is Verdict.FREE_FLIGHT, evidence.sentence


@pytest.mark.parametrize("azimuth_deg", [60.0, 93.0, 120.0])
def test_the_first_coasting_second_leads_to_the_recorded_apogee_whatever_the_azimuth(
    azimuth_deg: float,
) -> None:
    flight = replace(BULGARIASAT, azimuth_deg=azimuth_deg)
    time, states = samples(flight, 0.0, flight.coast_end_s)
    first_s, start = first_coast(time, states, cut_off_s=flight.cut_off_s)
    assert first_s == 166.0
    apogee_m = free_flight(start[None], stop=APOGEE).apogee_altitude_m[0]
    assert highest_altitude_m(flight) == pytest.approx(119_200.0, abs=50.0)
    assert apogee_m == pytest.approx(highest_altitude_m(flight), abs=1_500.0)


def test_the_raw_sample_of_that_second_leads_there_too() -> None:
    time, states = samples(BULGARIASAT, 166.0, 166.0)
    assert time.tolist() == [166.0]
    apogee_m = free_flight(states, stop=APOGEE).apogee_altitude_m[0]
    assert apogee_m == pytest.approx(119_200.0, abs=1_500.0)
