"""The world of a scenario: the only home of truth.

=========  ==================================================================
``truth``  the flights of a scenario, solved and sampled
=========  ==================================================================
"""
