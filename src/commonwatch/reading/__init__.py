"""What people write, read with care: bounded, as text, as TOML, every mistake in one go.

============  ================================================================================
module        what it holds
============  ================================================================================
``text``      the text of a file of bounded size, and the TOML in it
``mistakes``  mistakes of form: a parsed file walked against the Struct that it should hold
``names``     names that do not exist, names that stand twice
============  ================================================================================
"""
