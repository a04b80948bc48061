"""Questions to a world.

=================  =============================================================================
``compare``        one scenario, every laydown: who sees what, when, for how long
``describe``       what flew, and which sensors there were
``runs``           the two runs of a study
``marginal``       each sensor's value: last-in marginal and Shapley share
``impact_bound``   how well the impact point can be known, and when
``impact_kernel``  its compiled search
``launch_point``   how well satellites know where a launch comes from
``sensitivity``    which open figures move the answer most
``gaps``           where nobody sees for long, and how low sensors see
``sharing``        one seed: every laydown at every level of sharing
``known``          what each centre knew of each flight, and when; it lists its parts
``spread``         medians and counts over flights and seeds, with intervals
``ensemble``       many seeds in processes of their own, resumable
``expected``       whether a world ended as its scenario says that it must
``score``          how good tracks are, judged by the truth; it lists its parts
``validation``     comparison with what Commonwatch did not compute; it lists its parts
=================  =============================================================================
"""
