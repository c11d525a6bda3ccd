"""Dagster: the results as an asset, whose check says whether there are alerts."""

import json
import os
import subprocess

import dagster as dg

FOLDER = os.environ.get("MONITORING_FOLDER", "/srv/monitoring")


def sqlmonitor(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command beside the project file."""
    return subprocess.run(["sqlmonitor", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)


# A worker may be lost; a run that is repeated ends with the same rows.
@dg.asset(retry_policy=dg.RetryPolicy(max_retries=2, delay=600))
def model_results() -> dg.MaterializeResult:
    """Counts what is new, and stores it."""
    done = sqlmonitor("run", "--log-format", "json", "--timeout", "3600", "--retries", "5")
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode:
        raise dg.Failure(done.stderr, metadata={"outcomes": dg.MetadataValue.json(outcomes)})
    return dg.MaterializeResult(
        metadata={
            "outcomes": dg.MetadataValue.json(outcomes),
            "rows_read": sum(outcome["rows"] for outcome in outcomes),
            "alerts": sum(outcome["alerts"] for outcome in outcomes),
        }
    )


@dg.asset_check(asset=model_results)
def no_alerts() -> dg.AssetCheckResult:
    """Fails where the newest whole chunk has alerts, or values that could not be computed."""
    done = sqlmonitor("check")
    return dg.AssetCheckResult(passed=done.returncode == 0, metadata={"said": done.stdout + done.stderr})


nightly = dg.define_asset_job("nightly", selection=[model_results])
defs = dg.Definitions(
    assets=[model_results],
    asset_checks=[no_alerts],
    jobs=[nightly],
    schedules=[dg.ScheduleDefinition(job=nightly, cron_schedule="30 5 * * *")],
)
