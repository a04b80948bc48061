"""What several centres believe: one picture from many, nothing counted twice.

=========================  ====================================================================
``report``                 tracks as shared at a time: estimate, news since the last, pedigree
``pedigree``               whose looks, and when taken, a report rests on
``correlation``            which of their tracks is which of ours
``correlation_kernel``     compiled: distances between all pairs that a spatial gate leaves
``combination``            equivalent measurements, adding news, covariance intersection
``chi_square``             the distribution that gates are read from
``system_track``           one fused track: the words of its contributors, in order of time
``replay``                 what of each word is added to what, in order of time
``system_tracks``          the fused tracks of a centre: late, repeated, out of order, coarsened
``contributor``            who lies, drifts, repeats, freezes, invents or denies
``differences``            each contributor from the combination of the others, and its steps
``sightings``              who is silent on what others see, and who alone reports
``evidence``               how unlikely honest reports would be
``registration``           biases of sensors from common objects
``clocks``                 which radars' clocks are off, weighed with all other biases
``registration_kernel``    compiled: its normal equations
``recording``              recorded detections through a tracker, in the order of arrival
=========================  ====================================================================
"""
