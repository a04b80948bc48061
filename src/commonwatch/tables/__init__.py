"""Columns on disk. This package knows no record types.

============  ==================================================================================
``columns``   names, types and units of every table's columns
``schemas``   tables checked against them
``files``     writing so that nothing is ever half-written
``manifest``  what a run was made from
============  ==================================================================================
"""
