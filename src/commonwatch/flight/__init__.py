"""What flies.

=======================  =======================================================================
``vehicle``              published figures of a missile or rocket
``powered``              the kinematic powered phase
``propagation``          free flight of a batch: to the ground, an altitude, apogee; at samples
``ballistic``            the arc between two points
``trajectory``           whole flights on one grid of times
``recorded``             recorded paths as state vectors
``coast``                whether recorded samples are free flight, with the evidence
``hermite_kernel``       the cubic between two samples
``dynamics_kernel``      compiled lanes: gravity, drag, height
``dop853_kernel``        compiled lanes: one step of DOP853
``runge_kutta_kernel``   compiled lanes: one classical Runge-Kutta step
``propagation_kernel``   compiled lanes: whole flights
=======================  =======================================================================
"""
