"""What it means: where from, where to, what it is, and whether to wake somebody.

===================  ===============================================================================
module               what it holds
===================  ===============================================================================
arc_kernel           compiled: free flight forward and back through given heights to the ground
spread               estimates carried through free flight with their uncertainty
ellipse              95 % ellipses on the ground
origin               launch point, time and azimuth: vacuum, or with a powered phase
gathered             a launch point from what was said early and late
impact               vacuum impact and time; how far drag moves it
range_class          classes by ground range as probabilities; what is assumed of a powered phase
coasting             whether a motor burns
assessment           ballistic, space launch, sounding rocket, satellite, noise, unknown
source               which sensors a track rests on, and whether they confirm one another
notice               notices given in advance, and how a launch agrees with them
alert                the life of an alert: a table of transitions
judgement            all of the above for a batch of estimates
rounds               which instants of each track are judged, row by row as they come
statement            what is said of a track at an instant, as plain values
watch                what happens to each alert, step by step or over a whole file
rows                 the table of alerts
===================  ===============================================================================

Pure: no clock, no draw, no file. What is assumed of missiles is passed in (``judgement.Settings``).
"""
