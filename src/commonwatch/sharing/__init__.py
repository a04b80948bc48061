"""What may be said, to whom, how exactly, and the record of it; no line of physics.

===============  ==============================================================================
``marking``      in earnest, exercise or test
``messages``     every message that there is
``rule``         a policy and its rules, as a lawyer writes them
``policy_file``, reads a policy from TOML, with every mistake in one go
``policy_scope``,
``overruled``
``subject``      what a message is about: places and sensors, where they are known
``conditions``   when a rule fits a message
``policy``       ``decide``: what of a message may go to whom, by which rule
``explanation``  the same rule by rule, for people
``redaction``    a coarser copy of a message, and how much less certain it is
``keys``         signatures
``envelope``     the signed form on the wire, one for each purpose
``ledger``       the hash-chained record; the only maker of ``Released``
``released``     the only thing that a link sends
===============  ==============================================================================
"""
