"""The world of a scenario: the only home of truth.

What flies and what is seen:

================  ==================================================================
``truth``         the flights of a scenario, solved and sampled
``rounds``        which flights fly in which world
``sightings``     what its sensors report of them, and the truth behind it, apart
``looks``         single looks drawn from truth: plots, false plots, lines of sight
``recordings``    what worlds of one seed have in common, computed once
================  ==================================================================

A world while it runs:

================  ==================================================================
``run``           from the first second to the last
``clock``         one agenda, and clocks that may be wrong
``centres``       what each centre is at a laydown and a level of sharing, and its keys
``host``          the machine of a centre, its disk; it crashes and comes back
``sensor_lines``  ways from sensors to their centre, and their outages
``links``         ways that delay, lose, repeat, reorder, garble, are cut and heal
``faults``        what goes wrong: planned, or a swarm drawn from a seed
``persons``       who lets launch reports go
``liars``         nations that alter what they say of tracks
``injections``    test data and counts that fill, on live channels
================  ==================================================================

What is left of it, and whether it holds:

================  ==================================================================
``history``       everything that happened, as tables
``checks``        what must hold in every world
``uncertainty``   covariances are ones, for the checks
``liveness``      what must arrive arrives in time, for the checks
``evidence``      alerts rest on what had arrived, for the checks
``withdrawal``    who was told hears of changes and of the end, for the checks
``facts``         a history as the checks ask of it
``breach``        that it did not
``envelopes``     every envelope opened by hand, for the checks
``allowed``       policies read slowly, for the checks
``exactness``     whether a message was as coarse as they ask for
``beside``        what a sender knew beside its messages, from its history
``certainty``     whether a fused track is surer than its reports together
``replay``        the same events again
================  ==================================================================
"""
