"""Runs that read only what is new: what the store keeps of each statement over the source, and what is read again."""

from __future__ import annotations

from sqlmonitor.incremental.arrivals import Arrived, changed_rows, ids_read, late_labels
from sqlmonitor.incremental.hashing import (
    content_hash,
    final_values,
    is_kept_by_chunk,
    is_kept_whole,
    is_of_reference,
    kept_steps,
)
from sqlmonitor.incremental.keeping import described, keep_fit, keep_run
from sqlmonitor.incremental.recount import AS_USUAL, Asked, Reading, Recount, decide
from sqlmonitor.incremental.state import Kept, State, read_state
from sqlmonitor.incremental.statements import restricted, statement

__all__ = [
    "AS_USUAL",
    "Arrived",
    "Asked",
    "Kept",
    "Reading",
    "Recount",
    "State",
    "changed_rows",
    "content_hash",
    "decide",
    "described",
    "final_values",
    "ids_read",
    "is_kept_by_chunk",
    "is_kept_whole",
    "is_of_reference",
    "keep_fit",
    "keep_run",
    "kept_steps",
    "late_labels",
    "read_state",
    "restricted",
    "statement",
]
