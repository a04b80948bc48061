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
``SAME_KEPT_S``      many times the time between reports: then the track has ended          assumed
===================  =====================================================================  =======

Limits: a majority that lies alike is beyond detection: the honest few would be named. Two sources
that differ show a fault and not whose. What a policy withholds must be marked so by the caller; it
is never denial. Outages must be marked in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.fusion.differences import (
    OTHERS_MIN,
    Differences,
    Gaps,
    Steps,
    gaps,
    log_ratios,
)
from commonwatch.fusion.evidence import log_disagreement, log_pooled
from commonwatch.fusion.report import Reports
from commonwatch.fusion.sightings import Sightings
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
MAJORITY: Final = (
    "cannot be checked: half or more of the contributors disagree with the rest or are named, and "
    "a majority that lies alike is beyond detection"
)

NAMED_RATIO: Final = 300.0
SUSPECT_RATIO: Final = 10.0
SAME_REPORTS: Final = 2
SAME_KEPT_S: Final = 300.0

_Evidence = tuple[float, NationId, str, str]
"""How much, against whom, of what kind, in words."""


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
    is_said
        Whether it reports the object at all, be it of a burning motor, whose place nobody can
        predict, shape (C, N): whether an object exists can be judged all the same. None: as
        ``is_there``.
    pause_s
        Longest time between two reports of each contributor on an object, shape (C,): silence is
        one report more that is missed each time. None: as often as is looked.
    """

    number: I64
    contributor: tuple[NationId, ...]
    state_vector: F64
    covariance: F64
    is_there: Mask
    expected: F64 | None = None
    is_said: Mask | None = None
    pause_s: F64 | None = None


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
    doubt
        What is to be said of all of them: ``MAJORITY``, or nothing.
    """

    findings: tuple[Finding, ...]
    named: frozenset[NationId]
    suspected: frozenset[NationId]
    log_ratio: Mapping[NationId, float]
    words: tuple[str, ...]
    doubt: str = ""

    @property
    def excluded(self) -> frozenset[NationId]:
        """Whom the picture should leave out: neither their words nor their silence count."""
        return self.named | self.suspected


@dataclass(slots=True)
class _Same:
    """The report before, to see whether the next says anything new."""

    sequence: int
    time_ns: int
    state_vector: bytes
    heard_ns: int
    frozen: int = 0
    repeated: int = 0


@dataclass(slots=True, eq=False)
class Judge:
    """Judges contributors; call ``step`` at each look, or more often.

    Parameters
    ----------
    look_s
        Time between looks at who reports what: earlier calls do not count as another.
    bias_std_m
        What all sensors of a contributor together may be off by, in each direction and for long,
        beyond what its covariances say: a difference as large is no lie.
    """

    look_s: float = 10.0
    bias_std_m: float = 0.0
    named: dict[NationId, Finding] = field(default_factory=dict)
    suspected: set[NationId] = field(default_factory=set)
    _differences: Differences = field(init=False)
    _sightings: Sightings = field(init=False)
    _same: dict[tuple[NationId, int], _Same] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._differences = Differences(self.look_s)
        self._sightings = Sightings(self.look_s)

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
        evidence: list[_Evidence] = []
        if reports is not None:
            evidence += self._judge_sameness(reports, now_ns)
        sources = _widened(sources, self.bias_std_m)
        active = np.array([name not in self.named for name in sources.contributor], dtype=np.bool_)
        is_there = sources.is_there & active[:, None]
        now, log_ratio = self._differences.step(
            sources.contributor,
            sources.number,
            now_ns,
            state_vector=sources.state_vector,
            covariance=sources.covariance,
            is_there=is_there,
        )
        margin = attributed(sources, is_there, log_ratio)
        evidence += self._judge_differences(sources, margin, now)
        if sources.expected is not None:
            evidence += self._judge_sightings(sources, is_there, active, now_ns)
        findings = self._name(evidence, now_ns)
        if findings:
            self._differences.forget()
        doubt = self._doubt(sources.contributor, log_ratio, margin)
        return Judgement(
            findings=findings,
            named=frozenset(self.named),
            suspected=frozenset(self.suspected - set(self.named)),
            log_ratio={
                name: float(value)
                for name, value in zip(sources.contributor, log_ratio, strict=True)
                if np.isfinite(value)
            },
            words=tuple(
                doubt if doubt and each == CHECKED else each for each in _words(is_there, sources)
            ),
            doubt=doubt,
        )

    def clear(self, name: NationId) -> None:
        """Take a name back: a person has decided so."""
        self.named.pop(name, None)
        self.suspected.discard(name)
        self._differences.forget()
        self._sightings.forget(name)
        self._same = {key: each for key, each in self._same.items() if key[0] != name}

    def excuse(self, name: NationId, *, since_ns: int) -> None:
        """Take a silence since an instant for an outage: it is no denial.

        Whatever else speaks against a contributor stands, and so does a denial named before.

        Parameters
        ----------
        name
            The contributor's.
        since_ns
            When its silence began, UTC since 1970.
        """
        self._sightings.excuse(name)
        found = self.named.get(name)
        if found is not None and found.kind == DENIAL and found.time_ns >= since_ns:
            del self.named[name]
            self.suspected.discard(name)

    def _name(self, evidence: list[_Evidence], now_ns: int) -> tuple[Finding, ...]:
        """Suspect and name by the worst evidence against each."""
        worst: dict[NationId, _Evidence] = {}
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

    def _doubt(self, contributor: tuple[NationId, ...], log_ratio: F64, margin: F64) -> str:
        """Say so where half or more are left out, or quarrel and nobody can tell who lies."""
        out = self.suspected.union(self.named)
        quarrel = bool((log_ratio >= math.log(NAMED_RATIO)).any() and not (margin > 0.0).any())
        return MAJORITY if quarrel or 2 * len(out) >= len(contributor) else ""

    def _judge_differences(self, sources: Sources, margin: F64, now: Gaps) -> list[_Evidence]:
        """Shift or drift, by how the difference came about."""
        rows: list[_Evidence] = []
        length = np.where(now.is_judged, np.linalg.norm(now.gap[..., :3], axis=-1), -1.0)
        for row, column in enumerate(length.argmax(axis=1) if len(sources.number) else ()):
            if margin[row] <= 0.0:
                continue
            name, number = sources.contributor[row], int(sources.number[column])
            direction = now.gap[row, column, :3] / max(float(length[row, column]), 1e-9)
            along = self._differences.history(name, number) @ direction
            words = (
                f"differs by {length[row, column]:,.0f} m from the combination of the others on "
                f"track {number}; a lie is {_times(float(margin[row]))} as likely as anything else"
            )
            rows.append((float(margin[row]), name, DRIFT if _is_ramp(along) else SHIFT, words))
        return rows

    def _judge_sameness(self, reports: Reports, now_ns: int) -> list[_Evidence]:
        """Find the same words again: under a new time (freeze) or as a new report (repeat)."""
        rows: list[_Evidence] = []
        oldest_ns = now_ns - round(SAME_KEPT_S * 1e9)
        self._same = {key: each for key, each in self._same.items() if each.heard_ns >= oldest_ns}
        order = np.lexsort((reports.sequence, reports.track))
        for row in order:
            key = (reports.contributor[row], int(reports.track[row]))
            words = reports.state_vector[row].tobytes()
            time_ns, sequence = int(reports.time_ns[row]), int(reports.sequence[row])
            before = self._same.get(key)
            if before is None:
                self._same[key] = _Same(sequence, time_ns, words, now_ns)
                continue
            if sequence <= before.sequence:
                continue  # a link may repeat and reorder: no fault of the sender
            is_same = words == before.state_vector
            frozen = before.frozen + 1 if is_same and time_ns != before.time_ns else 0
            repeated = before.repeated + 1 if is_same and time_ns == before.time_ns else 0
            self._same[key] = _Same(sequence, time_ns, words, now_ns, frozen, repeated)
            for count, kind in ((frozen, FREEZE), (repeated, REPEAT)):
                if count >= SAME_REPORTS and key[0] not in self.named:
                    said = f"{count + 1} reports on track {key[1]} with one state vector"
                    said += " at different times" if kind == FREEZE else " and one time"
                    rows.append((math.inf, key[0], kind, said))
        return rows

    def _judge_sightings(
        self, sources: Sources, is_there: Mask, active: Mask, now_ns: int
    ) -> list[_Evidence]:
        """Denials and inventions, object by object, once a look."""
        seen = self._sightings
        if sources.expected is None:
            return []
        seen.step(
            sources.contributor,
            sources.number,
            now_ns,
            is_there=is_there,
            expected=sources.expected,
            is_active=active,
            is_said=None if sources.is_said is None else sources.is_said & active[:, None],
            pause_s=sources.pause_s,
        )
        rows: list[_Evidence] = []
        for kind, log_ratio, said in (
            (DENIAL, seen.denial.log_ratio, "is silent on tracks that others see:"),
            (INVENTION, seen.invention.log_ratio, "alone reports tracks that others do not see:"),
        ):
            pooled = seen.pooled(log_ratio)
            for row in np.flatnonzero((pooled > 0.0) & active).tolist():
                worst = sorted(sources.number[log_ratio[row] > 0.0].tolist())
                tracks = ", ".join(str(number) for number in worst[:10])
                words = f"{said} {tracks}; {_times(float(pooled[row]))} as likely as honesty"
                rows.append((float(pooled[row]), sources.contributor[row], kind, words))
        return rows


def _widened(sources: Sources, bias_std_m: float) -> Sources:
    if bias_std_m == 0.0:
        return sources
    wider = np.diag([bias_std_m**2] * 3 + [0.0] * 3)
    return replace(sources, covariance=sources.covariance + wider)


def attributed(sources: Sources, is_there: Mask, log_ratio: F64) -> F64:
    """Logarithm of how much likelier each contributor's guilt is than all else, shape (C,).

    Parameters
    ----------
    sources
        What each of C contributors says of each of N objects.
    is_there
        Which of that counts, shape (C, N).
    log_ratio
        Evidence against each, natural logarithm, shape (C,); nan where it is not judged.

    Returns
    -------
    margin
        0 for who is not to be blamed.

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
        again = gaps(sources.state_vector, sources.covariance, left)
        log_ratio = log_ratios(again, Steps.none(*left.shape))
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


def _words(is_there: Mask, sources: Sources) -> tuple[str, ...]:
    """How far each object can be checked."""
    count = is_there.sum(axis=0)
    said = [SINGLE_SOURCE if each < OTHERS_MIN else CHECKED for each in count.tolist()]
    pairs = np.flatnonzero(count == OTHERS_MIN)
    if len(pairs):
        # Of each column's two, the first and the last that are there.
        one, two = (is_there[:, pairs].argmax(axis=0), is_there[::-1, pairs].argmax(axis=0))
        two = len(is_there) - 1 - two
        gap = sources.state_vector[one, pairs] - sources.state_vector[two, pairs]
        spread = sources.covariance[one, pairs] + sources.covariance[two, pairs]
        differ = log_disagreement(gap, spread) >= math.log(SUSPECT_RATIO)
        for column in pairs[differ].tolist():
            said[column] = TWO_DIFFER
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
