"""Which contributor lies, drifts, repeats, freezes, invents or denies, and what cannot be told.

Each contributor is judged against the combination of the *others*, which holds nothing of its own,
so that no drift, however slow, is absorbed. One that comes under suspicion is left out of the
picture at once; it is named when its guilt is three hundred times as likely as everybody's honesty
and as anybody else's guilt.

===================  =====================================================================  =======
figure               source                                                                 mark
===================  =====================================================================  =======
``NAMED_RATIO``      of 4 honest ones over 200 s less than 1 run in 100 names any           derived
``SUSPECT_RATIO``    leaving one honest of four out costs 15 % of accuracy, one in ten      assumed
``look_s``           as often as tracks are reported                                        assumed
``SAME_REPORTS``     identical reports of a moving object: one may be a stuck queue         assumed
===================  =====================================================================  =======

Limits: a majority that lies alike is beyond detection: the honest few would be named. Two sources
that differ show a fault and not whose. What a policy withholds must be marked so by the caller; it
is never denial. Outages must be marked in the same way.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.fusion.combination import summed
from commonwatch.fusion.evidence import (
    EXPECTED_MIN,
    DenialEvidence,
    InventionEvidence,
    log_common_shift,
    log_disagreement,
    log_mean,
    log_pooled,
)
from commonwatch.fusion.report import Reports
from commonwatch.identity import NationId

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

SHIFT: Final = "shift"
DRIFT: Final = "drift"
REPEAT: Final = "repeat"
FREEZE: Final = "freeze"
INVENTION: Final = "invention"
DENIAL: Final = "denial"

SINGLE_SOURCE: Final = "cannot be checked: single source"
TWO_DIFFER: Final = "cannot be checked: two sources, and which is wrong cannot be told"
CHECKED: Final = "checked by others"
MAJORITY: Final = "a majority that lies alike is beyond detection"

NAMED_RATIO: Final = 300.0
SUSPECT_RATIO: Final = 10.0
SAME_REPORTS: Final = 2
OTHERS_MIN: Final = 2
"""Others that must see an object before anybody is judged by it."""
_HISTORY: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sources:
    """What each contributor says of each object at one instant.

    Parameters
    ----------
    number
        Of the system tracks, shape (N,).
    contributor
        C names.
    state_vector, covariance
        Whole estimates from own sensors, predicted to the instant, shapes (C, N, 6), (C, N, 6, 6).
    is_there
        Whether there is one, of the present look, shape (C, N).
    expected
        Probability that an honest contributor would report the object at a look, from its fields of
        view and detection probabilities, shape (C, N); nan where it withholds, is out of order or
        nothing is known. None: nobody is judged by what it does not say.
    """

    number: I64
    contributor: tuple[NationId, ...]
    state_vector: F64
    covariance: F64
    is_there: Mask
    expected: F64 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """That a contributor is named: who, when, as what, and why in words."""

    accused: NationId
    time_ns: int
    kind: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """What is thought of the contributors at one instant.

    Parameters
    ----------
    findings
        Those of this step.
    named
        All who have been named and not cleared.
    suspected
        Those left out of the picture for the time being.
    log_ratio
        Evidence against each contributor that was judged.
    words
        Of each object, how far it can be checked.
    """

    findings: tuple[Finding, ...]
    named: frozenset[NationId]
    suspected: frozenset[NationId]
    log_ratio: Mapping[NationId, float]
    words: tuple[str, ...]

    @property
    def excluded(self) -> frozenset[NationId]:
        """Whom the picture should leave out."""
        return self.named | self.suspected


@dataclass(slots=True)
class _Same:
    """The report before, to see whether the next says anything new."""

    sequence: int
    time_ns: int
    state_vector: bytes
    frozen: int = 0
    repeated: int = 0


@dataclass(slots=True, eq=False)
class Judge:
    """Judges contributors; call ``step`` at each look.

    Parameters
    ----------
    look_s
        Time between looks at who reports what: earlier calls do not count as another.
    """

    look_s: float = 10.0
    named: dict[NationId, Finding] = field(default_factory=dict)
    suspected: set[NationId] = field(default_factory=set)
    _denials: dict[tuple[NationId, int], DenialEvidence] = field(default_factory=dict)
    _inventions: dict[tuple[NationId, int], InventionEvidence] = field(default_factory=dict)
    _looked_ns: dict[int, int] = field(default_factory=dict)
    _same: dict[tuple[NationId, int], _Same] = field(default_factory=dict)
    _gaps: dict[NationId, deque[dict[int, F64]]] = field(default_factory=dict)

    def step(self, sources: Sources, now_ns: int, *, reports: Reports | None = None) -> Judgement:
        """Judge everybody by what is said now.

        Parameters
        ----------
        sources
            As of ``SystemTracks.whole_words``, with the sightings that were to be expected.
        now_ns
            The present.
        reports
            What arrived since the last step, as sent, for those that say the same again.
        """
        evidence: list[tuple[float, NationId, str, str]] = []
        if reports is not None:
            evidence += self._judge_sameness(reports)
        active = np.array([name not in self.named for name in sources.contributor], dtype=np.bool_)
        is_there = sources.is_there & active[:, None]
        log_ratio, difference = disagreements(sources, is_there)
        margin = attributed(sources, is_there)
        evidence += self._judge_differences(sources, margin, difference)
        if sources.expected is not None:
            evidence += self._judge_sightings(sources, is_there, now_ns)
        findings = self._name(evidence, now_ns)
        return Judgement(
            findings=findings,
            named=frozenset(self.named),
            suspected=frozenset(self.suspected - set(self.named)),
            log_ratio={
                name: float(value)
                for name, value in zip(sources.contributor, log_ratio, strict=True)
                if np.isfinite(value)
            },
            words=_words(is_there, sources),
        )

    def clear(self, name: NationId) -> None:
        """Take a name back: a person has decided so."""
        self.named.pop(name, None)
        self.suspected.discard(name)
        self._denials = {key: each for key, each in self._denials.items() if key[0] != name}
        self._inventions = {key: each for key, each in self._inventions.items() if key[0] != name}
        self._same = {key: each for key, each in self._same.items() if key[0] != name}

    def _name(
        self, evidence: list[tuple[float, NationId, str, str]], now_ns: int
    ) -> tuple[Finding, ...]:
        """Suspect and name by the worst evidence against each."""
        worst: dict[NationId, tuple[float, NationId, str, str]] = {}
        for each in evidence:
            if each[1] not in worst or each[0] > worst[each[1]][0]:
                worst[each[1]] = each
        self.suspected = {name for name in self.suspected if worst.get(name, (0.0,))[0] > 0.0}
        findings = []
        for name, (value, _, kind, words) in sorted(worst.items()):
            if value >= math.log(NAMED_RATIO) and name not in self.named:
                finding = Finding(accused=name, time_ns=now_ns, kind=kind, evidence=words)
                self.named[name] = finding
                findings.append(finding)
            if value >= math.log(SUSPECT_RATIO):
                self.suspected.add(name)
        return tuple(findings)

    def _judge_differences(
        self, sources: Sources, margin: F64, difference: F64
    ) -> list[tuple[float, NationId, str, str]]:
        """Shift or drift, by how the difference came about."""
        rows = []
        for row, name in enumerate(sources.contributor):
            if not np.isfinite(difference[row, :, 0]).any():
                continue
            now = {
                int(number): gap
                for number, gap in zip(sources.number, difference[row, :, :3], strict=True)
                if np.isfinite(gap[0])
            }
            history = self._gaps.setdefault(name, deque(maxlen=_HISTORY))
            history.append(now)
            number = max(now, key=lambda each: (float(now[each] @ now[each]), -each))
            length = float(np.linalg.norm(now[number]))
            along = [float(past[number] @ now[number]) for past in history if number in past]
            is_slow = _is_ramp(np.array(along) / max(length, 1e-9))
            words = (
                f"differs by {length:,.0f} m from the combination of the others on track "
                f"{number}; a lie is {_times(float(margin[row]))} as likely as anything else"
            )
            rows.append((float(margin[row]), name, DRIFT if is_slow else SHIFT, words))
        return rows

    def _judge_sameness(self, reports: Reports) -> list[tuple[float, NationId, str, str]]:
        """Find the same words again: under a new time (freeze) or as a new report (repeat)."""
        rows: list[tuple[float, NationId, str, str]] = []
        order = np.lexsort((reports.sequence, reports.track))
        for row in order:
            key = (reports.contributor[row], int(reports.track[row]))
            words = reports.state_vector[row].tobytes()
            time_ns, sequence = int(reports.time_ns[row]), int(reports.sequence[row])
            before = self._same.get(key)
            if before is None:
                self._same[key] = _Same(sequence, time_ns, words)
                continue
            if sequence <= before.sequence:
                continue  # a link may repeat and reorder: no fault of the sender
            is_same = words == before.state_vector
            frozen = before.frozen + 1 if is_same and time_ns != before.time_ns else 0
            repeated = before.repeated + 1 if is_same and time_ns == before.time_ns else 0
            self._same[key] = _Same(sequence, time_ns, words, frozen, repeated)
            for count, kind in ((frozen, FREEZE), (repeated, REPEAT)):
                if count >= SAME_REPORTS and key[0] not in self.named:
                    said = f"{count + 1} reports on track {key[1]} with one state vector"
                    said += " at different times" if kind == FREEZE else " and one time"
                    rows.append((math.inf, key[0], kind, said))
        return rows

    def _judge_sightings(
        self, sources: Sources, is_there: Mask, now_ns: int
    ) -> list[tuple[float, NationId, str, str]]:
        """Denials and inventions, object by object, once a look."""
        expected = sources.expected
        if expected is None:
            return []
        is_judged = np.where(np.isnan(expected), 0.0, expected) >= EXPECTED_MIN
        is_active = np.array([name not in self.named for name in sources.contributor])
        is_judged &= is_active[:, None]
        for column, number in enumerate(sources.number.tolist()):
            if (now_ns - self._looked_ns.get(number, -(10**18))) * 1e-9 < self.look_s:
                continue
            self._looked_ns[number] = now_ns
            self._look(sources, number, is_there[:, column], is_judged[:, column])
        present = set(sources.number.tolist())
        self._looked_ns = {n: t for n, t in self._looked_ns.items() if n in present}
        self._denials = {k: v for k, v in self._denials.items() if k[1] in present}
        self._inventions = {k: v for k, v in self._inventions.items() if k[1] in present}
        rows = _pool(self._denials, DENIAL, "is silent on tracks that others see:")
        rows += _pool(self._inventions, INVENTION, "alone reports tracks that others do not see:")
        return [row for row in rows if row[1] not in self.named]

    def _look(self, sources: Sources, number: int, is_there: Mask, is_judged: Mask) -> None:
        """Take one look at one object in."""
        expected = sources.expected
        column = int(np.flatnonzero(sources.number == number)[0])
        for row, name in enumerate(sources.contributor):
            others = np.arange(len(is_there)) != row
            seen = int((is_there & others).sum())
            key = (name, number)
            if expected is not None and seen >= OTHERS_MIN and is_judged[row]:
                self._denials.setdefault(key, DenialEvidence()).look(
                    float(expected[row, column]), is_reported=bool(is_there[row])
                )
            if seen or not is_there[row]:
                self._inventions.pop(key, None)
            elif expected is not None and int((is_judged & others).sum()) >= OTHERS_MIN:
                evidence = self._inventions.setdefault(key, InventionEvidence())
                evidence.look(expected[is_judged & others, column])


def disagreements(sources: Sources, is_there: Mask) -> tuple[F64, F64]:
    """Evidence against each contributor from its differences with all others together.

    Returns
    -------
    log_ratio, difference
        Shapes (C,), nan where nothing could be judged, and (C, N, 6), nan where an object has fewer
        than two others.

    Notes
    -----
    The mean of two ratios: each object by itself (``log_pooled``), and one shift of all of them.
    """
    count = len(sources.contributor)
    log_ratio = np.full(count, np.nan)
    difference = np.full((count, len(sources.number), 6), np.nan)
    for row in range(count):
        others = is_there.copy()
        others[row] = False
        is_judged = is_there[row] & (others.sum(axis=0) >= OTHERS_MIN)
        if not is_judged.any():
            continue
        mean, covariance = summed(
            sources.state_vector[:, is_judged],
            sources.covariance[:, is_judged],
            others[:, is_judged],
        )
        gap = sources.state_vector[row, is_judged] - mean
        spread = sources.covariance[row, is_judged] + covariance
        everything = np.ones(len(gap), dtype=np.bool_)
        each = log_pooled(log_disagreement(gap, spread), everything)
        common = log_common_shift(gap, spread, everything)
        log_ratio[row] = log_mean(np.stack([each, common]))
        difference[row, is_judged] = gap
    return log_ratio, difference


def attributed(sources: Sources, is_there: Mask) -> F64:
    """Logarithm of how much likelier each contributor's guilt is than all else, shape (C,).

    Notes
    -----
    1. The one with most evidence against it, if it stands out from the next and from honesty, is
    set aside, and the rest are judged again without it. 2. Only if the rest then agree, two of them
    at least and more than were set aside, is anything attributed: two against two, or a quarrel
    that leaving nobody out resolves, names nobody.
    """
    left = is_there.copy()
    margin = np.zeros(len(sources.contributor))
    aside: list[int] = []
    while True:
        log_ratio, _ = disagreements(sources, left)
        judged = np.flatnonzero(np.isfinite(log_ratio))
        if len(judged) == 0:
            break
        order = judged[np.argsort(-log_ratio[judged], kind="stable")]
        first = float(log_ratio[order[0]])
        rival = float(log_ratio[order[1]]) if len(order) > 1 else 0.0
        stands_out = first - max(0.0, rival)
        if stands_out < math.log(SUSPECT_RATIO):
            if first >= math.log(NAMED_RATIO):
                return np.zeros(len(margin))
            break
        margin[order[0]] = stands_out
        aside.append(int(order[0]))
        left[order[0]] = False
    rest = np.flatnonzero(left.any(axis=1))
    agree = len(rest) > OTHERS_MIN or _two_agree(sources, left, rest)
    return margin if agree and len(rest) > len(aside) else np.zeros(len(margin))


def _two_agree(sources: Sources, left: Mask, rest: npt.NDArray[np.intp]) -> bool:
    """Whether the last two say the same of every object that both have."""
    if len(rest) < OTHERS_MIN:
        return False
    one, two = rest
    both = left[one] & left[two]
    gap = sources.state_vector[one, both] - sources.state_vector[two, both]
    spread = sources.covariance[one, both] + sources.covariance[two, both]
    value = log_pooled(log_disagreement(gap, spread), np.ones(len(gap), dtype=np.bool_))
    return float(value) < math.log(NAMED_RATIO)


def contributors_columns(centre: str, findings: Iterable[Finding]) -> dict[str, Any]:
    """Columns of the table ``contributors``."""
    rows = list(findings)
    return {
        "centre": [centre] * len(rows),
        "accused": [str(row.accused) for row in rows],
        "time_ns": [row.time_ns for row in rows],
        "kind": [row.kind for row in rows],
        "evidence": [row.evidence for row in rows],
    }


def _pool(
    memory: Mapping[tuple[NationId, int], DenialEvidence | InventionEvidence],
    kind: str,
    words: str,
) -> list[tuple[float, NationId, str, str]]:
    """One row a contributor, from the evidence of all its objects."""
    rows = []
    for name in sorted({name for name, _ in memory}):
        own = {number: each.log_ratio for (one, number), each in memory.items() if one == name}
        value = float(log_pooled(np.array(list(own.values())), np.ones(len(own), dtype=np.bool_)))
        worst = sorted(number for number, each in own.items() if each > 0.0)
        said = ", ".join(str(number) for number in worst[:10])
        rows.append((value, name, kind, f"{words} {said}; {_times(value)} as likely as honesty"))
    return rows


def _words(is_there: Mask, sources: Sources) -> tuple[str, ...]:
    """How far each object can be checked."""
    sentences = (SINGLE_SOURCE, SINGLE_SOURCE, TWO_DIFFER)
    said = []
    for column, count in enumerate(is_there.sum(axis=0).tolist()):
        if count > OTHERS_MIN:
            said.append(CHECKED)
        elif count == OTHERS_MIN:
            one, two = np.flatnonzero(is_there[:, column])
            gap = sources.state_vector[one, column] - sources.state_vector[two, column]
            spread = sources.covariance[one, column] + sources.covariance[two, column]
            differ = float(log_disagreement(gap, spread)) >= math.log(SUSPECT_RATIO)
            said.append(sentences[count] if differ else CHECKED)
        else:
            said.append(sentences[count])
    return tuple(said)


def _is_ramp(along: F64) -> bool:
    """Whether differences at successive looks grew steadily rather than at one of them."""
    looks = np.arange(len(along), dtype=np.float64)
    step_misses: list[float] = []
    ramp_misses: list[float] = []
    for begun in range(-1, len(along) - 1):
        late = np.maximum(looks - begun, 0.0)
        for form, misses in ((np.minimum(late, 1.0), step_misses), (late, ramp_misses)):
            height = float(form @ along) / float(form @ form)
            misses.append(float(((along - height * form) ** 2).sum()))
    return len(along) > 2 and min(ramp_misses) < min(step_misses)


def _times(log_ratio: float) -> str:
    if log_ratio > math.log(1e6):
        return "more than a million times"
    return f"{math.exp(log_ratio):,.1f} times"
