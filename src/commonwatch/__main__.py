"""The command ``commonwatch`` as ``python -m commonwatch``, where no script is installed."""

from __future__ import annotations

from commonwatch.cli.entry import main

if __name__ == "__main__":  # processes that start by spawn import this again
    main()
