"""Runs a world: sensors feed centres, links carry what they release, faults strike and heal.

Everything happens in one process on one integer clock. Between two ticks of a second the agenda is
carried out: detections and messages arrive, people decide, faults strike and heal. At a tick each
centre that has news, or says that it is due, takes one step, in the order of their names.

=================  ============================================================  =======
figure             source                                                        mark
=================  ============================================================  =======
``SETTLED_S``      after the last flight and fault: the last track has ended,    assumed
                   and its last alert has been acknowledged
``TORN_SHARE``     of crashes that tear the last line of a ledger                assumed
=================  ============================================================  =======
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Ask, Effect, Send, Show
from commonwatch.centre.events import (
    DetectionsArrived,
    LooksReported,
    MessageArrived,
    NoticeEntered,
)
from commonwatch.errors import UnknownNameError
from commonwatch.identity import NationId
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.nations import DelaySpan, PlannedFault
from commonwatch.sharing.envelope import key_name, open_envelope, seal
from commonwatch.sharing.ledger import Entry
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Message
from commonwatch.sharing.released import Released
from commonwatch.units import NS_PER_S
from commonwatch.world import injections
from commonwatch.world.centres import Keyring, configurations
from commonwatch.world.clock import TICK_NS, Agenda, next_tick_ns
from commonwatch.world.faults import (
    CLOCK_OFFSET,
    CRASH,
    SENSOR_OUT,
    healed_s,
    in_single_faults,
    swarm,
)
from commonwatch.world.history import Accused, Believed, History, LinkStatus, Outage, Shown
from commonwatch.world.host import Crash, Host, go_on
from commonwatch.world.liars import Liar
from commonwatch.world.links import (
    INJECTED,
    LIE,
    LOST_DOWN,
    RECEIVED,
    Delay,
    Manner,
    Passage,
    WorldLink,
    generator,
)
from commonwatch.world.persons import Person
from commonwatch.world.recordings import Common
from commonwatch.world.sensor_lines import WORD_NS, SensorLines

SETTLED_S: Final = 120.0
TORN_SHARE: Final = 0.5
MakeCentre = Callable[..., Centre]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorldOrder:
    """Which world is wanted.

    Parameters
    ----------
    scenario
        From ``scenario.load``.
    laydown, level
        Names of the set of sensors and of the level of sharing.
    seed
        Of everything that is drawn.
    faults_seed
        Of a swarm of faults beside those that the scenario plans; None: no swarm.
    has_strong_keys
        Ed25519 in place of the quick stand-in.
    called
        How the scenario was named by whoever asked: a file's path; its name where left out.
    """

    scenario: Scenario
    laydown: str
    level: str
    seed: int
    faults_seed: int | None = None
    has_strong_keys: bool = False
    called: str = ""

    def __post_init__(self) -> None:
        for kind, name, known in (
            ("laydown", self.laydown, [each.name for each in self.scenario.laydowns]),
            ("level of sharing", self.level, [each.name for each in self.scenario.levels]),
        ):
            if name not in known:
                raise UnknownNameError(kind, name, known, where=self.scenario.name)


def run_world(
    order: WorldOrder,
    *,
    common: Common | None = None,
    make_centre: MakeCentre = Centre,
) -> History:
    """Run one world from its first second to its last.

    Parameters
    ----------
    order
        Which one.
    common
        What worlds of one seed have in common, so that it is computed once; made if None.
    make_centre
        What a centre is made by.

    Returns
    -------
    History
        The same for the same order, byte for byte.
    """
    common = common or Common.of(order.scenario, seed=order.seed)
    with _nothing_collected():
        return _World(order, common, make_centre).run()


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Look for no cycles of garbage: nearly all that a world makes is kept to its end.

    Going through all of it again and again took a seventh of a world's time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _World:
    """One world while it runs."""

    def __init__(self, order: WorldOrder, common: Common, make_centre: MakeCentre) -> None:
        self.order, self.common, self.make_centre = order, common, make_centre
        scenario = order.scenario
        self.agenda = Agenda()
        self.epoch_ns = common.sightings.epoch_ns
        self.keyring = Keyring.of(scenario.centres, order.seed, is_quick=not order.has_strong_keys)
        self.configurations = configurations(
            scenario, laydown=order.laydown, level=order.level, keyring=self.keyring
        )
        span_s = common.sightings.span_s
        self.faults = in_single_faults(
            [*scenario.faults, *self._swarm(span_s)], seed=order.seed, span_s=span_s
        )
        self.end_ns = self._at(max(span_s, healed_s(self.faults, span_s=span_s)) + SETTLED_S)
        self.passages: list[Passage] = []
        self.links = {link_key(link): link for link in self._make_links()}
        self.hosts = {name: self._host(name) for name in sorted(scenario.centres)}
        self.persons = {name: self._person(name) for name in self.hosts}
        self.liars = {liar.nation: liar for liar in self._make_liars()}
        self.shown: list[Shown] = []
        self.believed: list[Believed] = []
        self.link_status: list[LinkStatus] = []
        self.outages: list[Outage] = []

    def run(self) -> History:
        """Enter all that is known to come, then go from tick to tick."""
        begin_ns = next_tick_ns(self.epoch_ns)
        for link in self.links.values():
            self._note_status(link, begin_ns)
        for number, fault in enumerate(self.faults):
            self._enter_fault(number, fault)
        for name, host in self.hosts.items():
            host.restart()
            self._enter_sensors(name, begin_ns)
        self._enter_notices()
        self._enter_injections()
        now_ns = begin_ns
        while now_ns <= self.end_ns:
            self.agenda.carry_out(now_ns)
            for host in self.hosts.values():
                if host.wants_step(now_ns):
                    self._step(host, now_ns)
                else:
                    host.end_tick(now_ns, None)
            now_ns += TICK_NS
        return self._history(begin_ns)

    def _step(self, host: Host, now_ns: int) -> None:
        effects = host.step(now_ns)
        self._carry_out(host, effects, now_ns)
        if host.centre is not None and len(host.centre.believed):
            self.believed.append(Believed(centre=host.name, estimates=host.centre.believed))
        host.end_tick(now_ns, effects[-1] if effects else None)

    def _carry_out(self, host: Host, effects: Sequence[Effect], now_ns: int) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._send(host.name, effect.released, now_ns)
            elif isinstance(effect, Show):
                self.shown.append(Shown(centre=host.name, time_ns=now_ns, alert=effect.alert))
                self.persons[host.name].see(effect.alert, now_ns)
            elif isinstance(effect, Ask):
                self.persons[host.name].asked(effect, now_ns)

    def _restart(self, host: Host, now_ns: int) -> None:
        """Start a centre again, unless another crash holds it down still."""
        crashes = [each for each in self.outages if each.centre == host.name and each.kind == CRASH]
        if any(each.down_ns <= now_ns < each.up_ns for each in crashes):
            return
        self._carry_out(host, host.restart(), now_ns)

    def _send(self, sender: NationId, released: Released, now_ns: int) -> None:
        link = self.links.get((sender, released.recipient))
        if link is None:
            return
        link.now_ns = now_ns
        liar = self.liars.get(sender)
        if liar is None or released.kind != "track report":
            link.send(released)
            return
        key = self.keyring.key(sender)
        message = open_envelope(
            released.envelope, purpose=Purpose.ACTUAL, key_of=lambda _: key.verify
        )
        if not isinstance(message, Message):
            return
        said = liar.said(message)
        if said == (message,):
            link.send(released)
            return
        for each in said:
            link.carry(
                seal(each, key.sign, key_name(sender, Purpose.ACTUAL)),
                origin=LIE,
                kind=released.kind,
                number=each.number,
                entry_digest=released.entry_digest,
            )

    def _deliver(self, passage: Passage) -> None:
        host = self.hosts[passage.recipient]
        if not host.is_up:
            passage.outcome = LOST_DOWN
            return
        passage.outcome = RECEIVED
        host.inbox.append(MessageArrived(envelope=passage.envelope))

    # What is known to come.

    def _enter_sensors(self, name: NationId, begin_ns: int) -> None:
        configuration, host = self.configurations[name], self.hosts[name]
        if configuration.is_joint or not configuration.sensors:
            return
        lines = SensorLines(
            sensors=configuration.sensors,
            rhythms=self.common.sightings.rhythms,
            slowest_s=self.order.scenario.delays.sensor.high_s,
            epoch_ns=self.epoch_ns,
            outages=self._outages_of(name),
        )
        for tick_ns, detections in self.common.batches(self.order.laydown, configuration):
            heard = lines.heard(detections)
            if len(heard):
                event = DetectionsArrived(detections=heard)
                self.agenda.enter(tick_ns, partial(_feed, host, event))
        for tick_ns in range(begin_ns, self.end_ns + 1, WORD_NS):
            self.agenda.enter(tick_ns, lambda now_ns: _feed(host, lines.word(now_ns), now_ns))

    def _outages_of(self, name: NationId) -> tuple[PlannedFault, ...]:
        own = {sensor.sensor for sensor in self.configurations[name].sensors}
        return tuple(f for f in self.faults if f.kind == SENSOR_OUT and f.sensor in own)

    def _enter_notices(self) -> None:
        for given in self.order.scenario.notices:
            if given.notice.delivered_ns is None:
                continue
            for name in given.centres:
                event = NoticeEntered(notice=given.notice)
                at_ns = max(given.notice.delivered_ns, self.epoch_ns)
                self.agenda.enter(at_ns, partial(_type_in, self.hosts[name], event))

    def _enter_injections(self) -> None:
        for number, injection in enumerate(self.order.scenario.injections):
            nation = injection.nation
            if nation is None or injection.kind not in (
                injections.TEST_DATA,
                injections.FILLED_COUNTS,
            ):
                continue
            times_ns = injections.instants_ns(injection, self.epoch_ns)
            if injection.kind == injections.TEST_DATA:
                rng = generator(self.order.seed, f"injection {number}")
                key = self.keyring.key(nation, injections.purpose_of(injection))
                sealed = injections.sealed_tests(injection, nation, key, times_ns, rng=rng)
                kind = "launch report"
            else:
                key = self.keyring.key(nation)
                sealed = injections.filled_heartbeats(nation, key, times_ns)
                kind = "heartbeat"
            for time_ns, envelope in zip(times_ns, sealed, strict=True):
                self.agenda.enter(time_ns, partial(self._inject, nation, kind, envelope))

    def _inject(self, nation: NationId, kind: str, envelope: bytes, now_ns: int) -> None:
        if self.hosts[nation].is_up:
            self.hosts[nation].inbox.append(MessageArrived(envelope=envelope))
        for link in self.links.values():
            if link.sender == nation:
                link.now_ns = now_ns
                link.carry(envelope, origin=INJECTED, kind=kind, number=-1)

    # Faults.

    def _swarm(self, span_s: float) -> tuple[PlannedFault, ...]:
        if self.order.faults_seed is None:
            return ()
        scenario = self.order.scenario
        return swarm(
            self.order.faults_seed,
            links=[link.name for link in scenario.links],
            centres=scenario.centres,
            sensors=[
                sensor.sensor
                for name, each in self.configurations.items()
                if not each.is_joint
                for sensor in each.sensors
            ],
            span_s=span_s,
        )

    def _enter_fault(self, number: int, fault: PlannedFault) -> None:
        begin_ns, end_ns = self._at(fault.at_s), self._at(fault.until_s or 0.0)
        if fault.centre is None:
            for link in self._links_of(fault):
                self.agenda.enter(begin_ns, partial(self._strike, link, number, fault))
                self.agenda.enter(end_ns, partial(self._heal, link, number))
            return
        host = self.hosts[fault.centre]
        outage = Outage(
            centre=fault.centre,
            kind=fault.kind,
            begin_ns=begin_ns,
            end_ns=end_ns,
            amount=fault.amount,
        )
        self.outages.append(outage)
        if fault.kind == CRASH:
            share, torn = generator(self.order.seed, f"crash {number}").random(2).tolist()
            crash = Crash(share=share, is_torn=torn < TORN_SHARE, forgets=fault.amount > 0.0)
            self.agenda.enter(begin_ns, lambda _: host.fail(crash))
            self.agenda.enter(outage.up_ns, partial(self._restart, host))
        elif fault.kind == CLOCK_OFFSET:
            error_ns = round(fault.amount * NS_PER_S)
            self.agenda.enter(begin_ns, lambda _: host.clock.set_off(error_ns))
            self.agenda.enter(end_ns, lambda _: host.clock.set_off(-error_ns))

    def _strike(self, link: WorldLink, number: int, fault: PlannedFault, now_ns: int) -> None:
        link.trouble(number, fault.kind, fault.amount)
        self._note_status(link, now_ns)

    def _heal(self, link: WorldLink, number: int, now_ns: int) -> None:
        link.heal(number)
        self._note_status(link, now_ns)

    def _links_of(self, fault: PlannedFault) -> Iterable[WorldLink]:
        named = {link.name: link.between for link in self.order.scenario.links}
        for name in fault.links:
            one, two = named[name]
            yield self.links[one, two]
            yield self.links[two, one]

    # The parts.

    def _make_links(self) -> Iterable[WorldLink]:
        delays = self.order.scenario.delays
        for link in self.order.scenario.links:
            manner = Manner(
                delay={
                    "track report": delay_of(delays.tracks),
                    "detection report": delay_of(delays.detections),
                },
                other=delay_of(delays.messages),
                added=delay_of(link.delay),
                loss_probability=link.loss_probability,
                repeat_probability=link.repeat_probability,
            )
            for sender, recipient in (link.between, link.between[::-1]):
                yield WorldLink(
                    sender=sender,
                    recipient=recipient,
                    manner=manner,
                    seed=self.order.seed,
                    enter=self.agenda.enter,
                    deliver=self._deliver,
                    passages=self.passages,
                )

    def _host(self, name: NationId) -> Host:
        crashes_ns = [
            self._at(fault.at_s)
            for fault in self.faults
            if fault.centre == name and fault.kind == CRASH
        ]
        return Host(
            name=name,
            start=partial(self._start, name),
            crashes_ns=tuple(sorted(crashes_ns)),
        )

    def _person(self, name: NationId) -> Person:
        return Person(
            nation=name,
            delay=delay_of(self.order.scenario.delays.launch_report),
            seed=self.order.seed,
            enter=self.agenda.enter,
            decide=self.hosts[name].inbox.append,
            asks=tuple(each.nation for each in self.configurations[name].partners),
            asks_after_s=self.order.scenario.world.asks_after_s,
        )

    def _start(
        self, name: NationId, snapshot: bytes | None, lines: Sequence[bytes], numbers_from: int
    ) -> tuple[Centre, str]:
        """Make a centre, from a snapshot and a ledger where there are any; say what is damaged."""
        key = self.keyring.key(name)
        own = None
        if not self._is_alone(name):
            own = self.common.watching(self.order.laydown, self.configurations[name])
        centre = self.make_centre(self.configurations[name], sign=key.sign, own=own)
        if snapshot is None:
            return centre, ""
        return centre, go_on(centre, snapshot, lines, key.verify, numbers_from=numbers_from)

    def _is_alone(self, name: NationId) -> bool:
        """Whether a centre's own tracking is like that of no other world of the seed."""
        configuration = self.configurations[name]
        has_none = configuration.is_joint or not configuration.sensors
        is_struck = any(fault.centre == name for fault in self.faults)
        return has_none or is_struck or bool(self._outages_of(name))

    def _make_liars(self) -> Iterable[Liar]:
        for injection in self.order.scenario.injections:
            if injection.kind == injections.LIE and injection.nation is not None:
                yield Liar(
                    nation=injection.nation,
                    way=injection.way,
                    at_ns=self._at(injection.at_s),
                    until_ns=self._at(injection.until_s),
                    sigmas=injection.sigmas,
                )

    def _history(self, begin_ns: int) -> History:
        order, scenario = self.order, self.order.scenario
        entries = {name: host.end() for name, host in self.hosts.items()}
        return History(
            scenario=order.called or scenario.name,
            laydown=order.laydown,
            level=order.level,
            seed=order.seed,
            faults_seed=order.faults_seed,
            begin_ns=begin_ns,
            end_ns=self.end_ns,
            configurations=self.configurations,
            keyring=self.keyring,
            faults=self.faults,
            outages=tuple(self.outages),
            troubles=tuple(
                (link_key(link), self._at(fault.at_s), self._at(fault.until_s or 0.0))
                for fault in self.faults
                for link in self._links_of(fault)
            ),
            manners={key: link.manner for key, link in self.links.items()},
            liars=frozenset(self.liars),
            entries=entries,
            lives={name: tuple(host.lives) for name, host in self.hosts.items()},
            passages=tuple(self.passages),
            shown=tuple(self.shown),
            believed=tuple(self.believed),
            links=tuple(self.link_status),
            accused=tuple(_accusations(entries)),
            sensors=tuple(
                (name, str(sensor.sensor))
                for name in scenario.centres
                if name != scenario.joint.name
                for sensor in self.configurations[name].sensors
            ),
        )

    def _note_status(self, link: WorldLink, now_ns: int) -> None:
        self.link_status.append(
            LinkStatus(
                sender=link.sender, recipient=link.recipient, time_ns=now_ns, status=link.status
            )
        )

    def _at(self, time_s: float) -> int:
        return self.epoch_ns + round(time_s * NS_PER_S)


def link_key(link: WorldLink) -> tuple[NationId, NationId]:
    """Return both ends, by which a link is found."""
    return link.sender, link.recipient


def delay_of(span: DelaySpan) -> Delay:
    """Return a scenario's delay as links draw it."""
    return Delay(span.low_s, span.nominal_s, span.high_s)


def _accusations(entries: Mapping[NationId, Sequence[Entry]]) -> Iterable[Accused]:
    """Yield who was named by whom, by each centre's clock."""
    for name in sorted(entries):
        for entry in entries[name]:
            if entry.kind == "contributor":
                yield Accused(
                    centre=name,
                    accused=entry.content["accused"],
                    time_ns=entry.time_ns,
                    kind=entry.content["kind"],
                    evidence=entry.content["evidence"],
                )


def _feed(host: Host, event: DetectionsArrived | LooksReported, now_ns: int) -> None:
    """Bring what comes from sensors; while the centre is down it is lost."""
    del now_ns
    if host.is_up:
        host.inbox.append(event)


def _type_in(host: Host, event: NoticeEntered, now_ns: int) -> None:
    """Have a notice typed in; while the centre is down it waits."""
    del now_ns
    host.inbox.append(event)
