"""The command ``commonwatch``: one module a command, imported when it is called."""
