"""The command ``commonwatch``: one module a command, imported when it is called.

=====================================  =========================================================
``entry``                              where the command begins
``main``                               finds the command, reports errors
``run``, ``world``, ``coverage``,      the commands
``fly``, ``track``, ``score``, ``warn``,
``show``, ``scenarios``, ``check``,
``schema``, ``policy``, ``validate``
``outcome``                            what a run leaves behind
``earlier``                            what an earlier run has left in its folder
``worlds``                             the worlds of a run, with progress
``flights``, ``state_table``           the work of ``fly``, and reading its table
``recording``                          the work of ``track``
``places``                             names of files and folders to write
``progress``                           what a command shows while it works
``stopping``                           Ctrl-C and the system's wish to end the program
=====================================  =========================================================
"""
