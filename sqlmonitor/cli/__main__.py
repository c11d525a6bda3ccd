"""``python -m sqlmonitor.cli`` is ``sqlmonitor``."""

from sqlmonitor.cli.entry import main

main()
