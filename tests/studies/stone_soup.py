"""What Stone Soup says of the pictures and runs of ``build_score``.

Run as ``python -m tests.studies.stone_soup`` with the group ``bench`` installed; it writes
``stone_soup.json`` beside this file: the pictures, the figures, and the version that gave them.

Stone Soup's own OSPA of order 2 chooses the pairs by the sum of distances, not of their squares, so
that it can be larger than the metric as defined; its GOSPA chooses rightly, and with alpha 1 it is
OSPA but for the division by the number of the larger set. Both are kept.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stonesoup.dataassociator.tracktotrack import TrackToTruth
from stonesoup.measures import Euclidean
from stonesoup.metricgenerator.manager import MultiManager
from stonesoup.metricgenerator.ospametric import GOSPAMetric, OSPAMetric
from stonesoup.metricgenerator.tracktotruthmetrics import SIAPMetrics
from stonesoup.types.groundtruth import GroundTruthPath, GroundTruthState
from stonesoup.types.state import State
from stonesoup.types.track import Track

from tests.studies.build_score import INTERVAL_S, NEAR_M, everything

FILE = Path(__file__).with_name("stone_soup.json")
START = datetime(2020, 1, 1)
SIAP = {
    "completeness": "SIAP Completeness",
    "ambiguity": "SIAP Ambiguity",
    "spuriousness": "SIAP Spuriousness",
    "position_accuracy_m": "SIAP Position Accuracy",
    "velocity_accuracy_m_s": "SIAP Velocity Accuracy",
    "track_changes_hz": "SIAP Rate of Track Number Change",
    "longest_segment": "SIAP Longest Track Segment",
}


def distances(one: dict[str, Any]) -> dict[str, float]:
    """GOSPA with its parts, and OSPA in two ways, of one picture."""
    objects, tracks = (
        [State(place, timestamp=START) for place in one[name]] for name in ("objects", "tracks")
    )
    generator = GOSPAMetric(p=2, c=NEAR_M)
    gospa = generator.compute_gospa_metric(tracks, objects)[0].value
    generator.alpha = 1
    undivided = generator.compute_gospa_metric(tracks, objects)[0].value["distance"]
    by_distances = OSPAMetric(p=2, c=NEAR_M).compute_OSPA_distance(tracks, objects).value
    return {
        "gospa_m": float(gospa["distance"]),
        "localisation_m2": float(gospa["localisation"]),
        "missed_m2": float(gospa["missed"]),
        "false_m2": float(gospa["false"]),
        "ospa_m": float(undivided / max(len(objects), len(tracks)) ** 0.5),
        "ospa_by_distances_m": float(by_distances),
    }


def siap(one: dict[str, Any]) -> dict[str, float]:
    """Every SIAP metric that needs no identification, of one run."""

    def path(kind: type, element: type, first: int, vectors: list[Any]) -> Any:
        moments = (START + timedelta(seconds=INTERVAL_S * (first + k)) for k in range(len(vectors)))
        return kind([element(v, timestamp=t) for v, t in zip(vectors, moments, strict=True)])

    generator = SIAPMetrics(
        position_measure=Euclidean((0, 1, 2)), velocity_measure=Euclidean((3, 4, 5))
    )
    associator = TrackToTruth(
        association_threshold=NEAR_M,
        consec_pairs_confirm=1,
        consec_misses_end=1,
        measure=Euclidean((0, 1, 2)),
    )
    comparison = MultiManager([generator], associator=associator)
    comparison.add_data(
        {
            "groundtruth_paths": [
                path(GroundTruthPath, GroundTruthState, *each) for each in one["objects"]
            ],
            "tracks": [path(Track, State, *each) for each in one["tracks"]],
        }
    )
    metrics = comparison.generate_metrics()["siap_generator"]
    return {name: float(metrics[title].value) for name, title in SIAP.items()}


def judged() -> dict[str, Any]:
    """Every picture and run with the peer's figures."""
    given = everything()
    return {
        "stone_soup": version("stonesoup"),
        "pictures": [one | distances(one) for one in given["pictures"]],
        "wide_pictures": [one | distances(one) for one in given["wide_pictures"]],
        "runs": [one | siap(one) for one in given["runs"]],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(judged(), separators=(",", ":")) + "\n", encoding="utf-8")
