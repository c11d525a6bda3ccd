"""sqlmonitor: know whether a deployed model still works, without moving the data."""

__version__ = "0.1.0"
