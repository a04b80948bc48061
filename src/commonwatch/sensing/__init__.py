"""What sees: radars and infrared satellites, and who sees which path for how long.

===================  ==============================================================
module               what it holds
===================  ==============================================================
site                 where a radar stands
radar                a radar and its faces
infrared             a warning satellite and its orbit
stereo               where a motor burns, from one line of sight or several
envelope             a radar's limits as rows of numbers for the kernels
visibility           spells of sight, handed over between sensors, and their union
coverage             lowest visible altitude, and the longest stretch unseen
measurement          what one look measures, how well, and how likely
detection            single looks as a centre receives them, read from a table
detection_columns    the columns of such a table, whoever wrote it
detection_checks     what can be wrong with it, as a whole and row by row
detection_meaning    whether its signs, directions and scales are those it should have
visibility_kernel    the compiled sweep and its refined crossings
infrared_kernel      the same for satellites
coverage_kernel      the same, upwards over a grid of places
===================  ==============================================================
"""
