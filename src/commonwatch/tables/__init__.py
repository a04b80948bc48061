"""Columns on disk. This package knows no record types.

=============  =================================================================================
``columns``    names, types and units of a study's columns
``known``      those of the tables of what each centre knew
``records``    those of the tables of single looks and of beliefs
``schemas``    tables checked against them
``files``      writing so that nothing is ever half-written
``streaming``  tables written while the work goes on
``reading``    reading them, checked
``refused``    what was refused, in sentences
``manifest``   what a run was made from
=============  =================================================================================
"""
