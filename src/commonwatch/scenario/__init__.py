"""A world described.

===================  ===============================================================================
module               what it holds
===================  ===============================================================================
schema               the form of the files: degrees, kilometres, intervals with their sources
files                finds and reads scenario and sensor files
sharing_schema       the form of what it says of nations that share
scenario_file        the form of the whole file
load                 reads a file and refuses every mistake in one go
meaning              what the form of a table allows and the world does not
names                names across the file, their order, and what flies
sharing_meaning      the same as ``meaning`` for what nations share, and for the whole file
sharing_names        who owns which sensor, what links join, whom faults strike
policies             the policies of its levels of sharing
recorded             recorded paths from CSV
catalogue            the bundled files of ``library/``
description          a scenario as everything above uses it
nations              nations, links, delays, levels, faults and outcomes in it
sharing_of_file      makes those of a file
figures              the low, nominal or high end of an interval
sensors              sensors as ``sensing`` knows them, and their status on a day
flights              vehicles and flights as ``flight`` knows them
writing              writes a sensor file
notices              files of notices given in advance
priors               what warning assumes of a launch
assumptions          every figure that is an interval, and what stands behind it
===================  ===============================================================================
"""
