"""Speed, as ratios to peers and floors measured in the same run.

==================  ============================================================================
``run``             everything, by ``scripts/bench``: prints, and writes the page and the figures
``stopwatch``       CPU time of rivals, taken in turns
``arcs``            the flights and radars that everybody gets
``floors``          the same work in plain C: ``free_flight_floor.c``, ``coverage_floor.c``
``heyoka_peer``     free flight by heyoka
``scipy_peer``      free flight by SciPy
``orekit_peer``     free flight by Orekit, in Java: ``OrekitFlights.java``
``free_flight``     to the ground, in samples, with drag
``coverage``        which radar sees which sample
``workload``        tracking workloads from a seed, with their truth
``stonesoup_peer``  tracking by Stone Soup
``tracking``        speed beside Stone Soup, and accuracy
``many_tracks``     growth of memory, and ten thousand objects
``tracking_goals``  what tracking is asked for, as the page shows it
``warning``         launch and impact points: ellipses against the truth, and their size
``ground_bound``    how well these points could be known at best
``warning_goals``   what they are asked for, as the page shows it
``fusion``          three centres exchange: errors, honest and with one that lies
``worlds``          whole worlds: speed, under faults, with a liar
``liars``           one of four nations lies: whether it is named in time
``perfect_test``    when a perfect test would be sure of it
``worlds_goals``    what worlds are asked for, as the page shows it
``commands``        start-up, the main job, the large sweep
``page``            the page of results
==================  ============================================================================
"""
