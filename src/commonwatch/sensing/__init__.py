"""What sees: radars and infrared satellites, and who sees which path for how long.

===================  ==============================================================
module               what it holds
===================  ==============================================================
site                 where a radar stands
radar                a radar and its faces
infrared             a warning satellite and its orbit
envelope             a radar's limits as rows of numbers for the kernels
visibility           spells of sight, handed over between sensors, and their union
coverage             lowest visible altitude, and the longest stretch unseen
measurement          what one look measures, how well, and how likely
visibility_kernel    the compiled sweep and its refined crossings
infrared_kernel      the same for satellites
coverage_kernel      the same, upwards over a grid of places
===================  ==============================================================
"""
