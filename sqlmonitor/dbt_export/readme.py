"""What the package's README says."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlmonitor.dbt_export.names import plain
from sqlmonitor.definitions import Monitor
from sqlmonitor.plan import Plan

TEXT = """\
# {name}

A dbt package that computes what `sqlmonitor run` computes, in SQL alone: {count} of `sqlmonitor.yml` as models.
The files are made by `sqlmonitor dbt export`; change `sqlmonitor.yml` and export again, or keep them as your own.

```sh
dbt build --profiles-dir WHERE_PROFILES_YML_IS
```

The connection is the profile `{profile}`. In a project of your own, name this folder in `packages.yml`
(`packages: [{{local: PATH}}]`), run `dbt deps`, then `dbt build --select package:{name}`.

{monitors}

| model | what it has |
|---|---|
{published}

- **Models of a monitor** are below `models/`: `reference/` has what is fitted on the reference, `counts/` the only
  statements that read your tables, `metrics/` what is computed from their counts.
- **Tests** under `tests/` are promises about the data, such as scores within [0, 1]; models that need one are not
  built where it is broken. `sqlmonitor_no_open_alerts` on the results warns of alerts in the newest whole chunk;
  `--vars '{{sqlmonitor_alert_severity: error}}'` lets it fail.
- **Vars**: `sqlmonitor_source_schema` is the schema of relations that were named without one (the profile's own by
  default).{vars}
- **Results equal** those of `sqlmonitor run` on the same rows, but for `run_id` (here the invocation of dbt) and
  `computed_at`. There is no `results_history`: use a snapshot of `sqlmonitor_results` where you want one.
"""


def readme(
    name: str,
    profile: str,
    planned: Sequence[tuple[Monitor, Plan]],
    published: Collection[str],
    more: str = "",
) -> str:
    """The text.

    Args:
        name: the package's.
        profile: the connection's.
        planned: the monitors.
        published: names of the models that stand for the store's tables.
        more: further vars.
    """
    from sqlmonitor.dbt_export.published import ABOUT, OPEN_ALERTS

    rows = []
    for model in published:
        said = ABOUT.get(model.removeprefix("sqlmonitor_"), "")
        rows.append(f"| `{model}` | {'results outside their thresholds' if model == OPEN_ALERTS else said} |")
    count = "a monitor" if len(planned) == 1 else f"{len(planned)} monitors"
    listed = [
        f"- `models/{plain(monitor.name, 24)}`: {len(plan.steps)} models, of which "
        f"{sum(step.reads_source for step in plan.steps)} read your tables"
        for monitor, plan in planned
    ]
    return TEXT.format(
        name=name,
        profile=profile,
        count=count,
        monitors="\n".join(listed),
        published="\n".join(rows),
        vars=more,
    )
