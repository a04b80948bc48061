"""The world of a scenario: the only home of truth.

=============  ==================================================================
``truth``      the flights of a scenario, solved and sampled
``sightings``  what its sensors report of them, and the truth behind it, apart
``looks``      single looks drawn from truth: plots, false plots, lines of sight
=============  ==================================================================
"""
