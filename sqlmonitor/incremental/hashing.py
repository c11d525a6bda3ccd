"""Which steps' rows can be kept for later runs, and the hash of what they say."""

from __future__ import annotations

from sqlmonitor import templates
from sqlmonitor.definitions import Monitor
from sqlmonitor.plan import Plan, Step, digest
from sqlmonitor.planner.comparisons import RESULTS


def kept_steps(plan: Plan) -> list[Step]:
    """The steps whose rows a later run can take from the store, in order."""
    return [step for step in plan.steps if is_kept_whole(step) or is_kept_by_chunk(step)]


def is_kept_whole(step: Step) -> bool:
    """True for a statement that reads the reference only."""
    return step.rows is not None and step.rows.is_reference


def is_kept_by_chunk(step: Step) -> bool:
    """True where a chunk's rows depend on that chunk and on the reference alone.

    The second read of several classes does not: it reads scores calibrated by cells that all chunks share.
    """
    return (
        step.rows is not None
        and bool(step.rows.analysis)
        and "chunk_number" in templates.header(step.template).output
        and all(is_of_reference(parent) for parent in step.tables())
    )


def is_of_reference(step: Step) -> bool:
    """True where a step's rows depend on the reference alone."""
    own = step.rows is None or step.rows.is_reference
    return own and all(is_of_reference(parent) for parent in step.tables())


def final_values(plan: Plan) -> dict[str, Step]:
    """The steps with every value that results are made of, by comparison; the empty name is the monitor's own chunks."""
    results = {step.name.partition("_")[2]: step for step in plan.steps if step.template == RESULTS}
    values = {name: step.inputs["values"] for name, step in results.items()}
    return {name: step for name, step in values.items() if isinstance(step, Step)}


def is_counted_by_chunk(plan: Plan) -> bool:
    """True where a chunk's values depend on that chunk and on the reference alone.

    The package's own templates compute nothing across chunks, but for comparisons, of which `spread` knows what
    changes with a chunk; what a user's template does is not known.
    """
    kept = kept_steps(plan)
    return all(step.origin is None and (step.rows is None or step in kept) for step in plan.steps)


def content_hash(step: Step, monitor: Monitor, known: dict[str, str] | None = None) -> str:
    """Names what a statement counts: its text, the types of what it reads, and the steps that it reads.

    Args:
        step: of the plan of a whole run, so without a restriction to some chunks.
        monitor: whose column ``observed_at`` decides which labels are looked for later.
        known: hashes of steps by name, which are added to.
    """
    known = {} if known is None else known
    if step.name in known:
        return known[step.name]
    parents = [content_hash(parent, monitor, known) for parent in step.tables()]
    rows = step.rows
    read = list(rows.column_types) if rows else []
    if rows is not None and rows.reads_target and monitor.target is not None:
        read.append(f"observed at {monitor.target.observed_at}")
    known[step.name] = digest(templates.rendered(step), *read, *parents)
    return known[step.name]


def ancestors(step: Step) -> set[str]:
    """Names of all steps that a step reads, directly or not."""
    found: set[str] = set()
    for parent in step.tables():
        found |= {parent.name} | ancestors(parent)
    return found
