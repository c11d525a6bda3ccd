"""What the package's README says."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlmonitor.dbt_export.names import plain
from sqlmonitor.dbt_export.published import ABOUT, OPEN_ALERTS
from sqlmonitor.definitions import Monitor
from sqlmonitor.plan import Plan

TEXT = """\
# {name}

A dbt package that computes what `sqlmonitor run` computes, in SQL alone: {count} as models. The files are made by
`sqlmonitor dbt export`, which replaces them; files of your own beside them stay.

{install}

{monitors}

| model | what it has |
|---|---|
{published}

- **Models of a monitor**: `counts/` are the only statements that read your tables, `reference/` is what is fitted on the
  reference, `metrics/` is computed from counts.
- **Tests** under `tests/` are promises about the data, such as scores within [0, 1]; what comes after a broken one is
  not built. `sqlmonitor_no_open_alerts` warns of alerts in the newest whole chunk.
- **Later builds** read what is new: statements that read your tables replace the newest chunks and add newer ones,
  where the adapter can (`delete+insert`) and chunks are periods. `--full-refresh` reads everything, the reference too.
- **Results equal** those of `sqlmonitor run` on the same rows, but for `run_id` (here dbt's invocation) and
  `computed_at`. There is no `results_history`: take a snapshot of `sqlmonitor_results` where you want one.

| var | by default | what it does |
|---|---|---|
| `sqlmonitor_alert_severity` | `warn` | `error` lets a build fail on alerts |
| `sqlmonitor_lookback` | the monitor's | chunks before the newest that are read again |
| `sqlmonitor_label_lookback` | the same and the target's maturity | the same for statements that read labels |
| `sqlmonitor_source_schema` | the profile's | where relations are that were named without a schema |
| `sqlmonitor_read_once` | `table` | `view` makes fewer tables; last bits of sums may differ then |
"""
ALONE = """\
The connection is the profile `{profile}`:

```sh
dbt build --profiles-dir WHERE_PROFILES_YML_IS
```

In another project, name this folder in `packages.yml` (`packages: [{{local: PATH}}]`) and run `dbt deps`."""
INSTALLED = """\
It reads models of the dbt project that its monitors name. In that project, name this folder in `packages.yml`, such as
`packages: [{{local: PATH}}]`, and then:

```sh
dbt deps
dbt build --select package:{name}
```"""


def readme(
    name: str,
    profile: str,
    planned: Sequence[tuple[Monitor, Plan]],
    published: Collection[str],
    *,
    stands_alone: bool,
) -> str:
    """The text.

    Args:
        name: the package's.
        profile: the connection's.
        planned: the monitors.
        published: names of the models that stand for the store's tables.
        stands_alone: False where it reads models of a dbt project by their names.
    """
    said = {f"sqlmonitor_{table}": text for table, text in ABOUT.items()}
    said[OPEN_ALERTS] = "the results of the analysis that are outside their thresholds"
    listed = [
        f"- `models/{plain(monitor.name, 24)}`: {len(plan.steps)} models, of which "
        f"{sum(step.reads_source for step in plan.steps)} read your tables"
        for monitor, plan in planned
    ]
    return TEXT.format(
        name=name,
        count="a monitor" if len(planned) == 1 else f"{len(planned)} monitors",
        install=(ALONE if stands_alone else INSTALLED).format(name=name, profile=profile),
        monitors="\n".join(listed),
        published="\n".join(f"| `{model}` | {said[model]} |" for model in published),
    )
