"""Commands that work in the warehouse: validate, fit, run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sqlmonitor.cli.progress import shown
from sqlmonitor.cli.settings import Settings, chosen, connect, global_options, monitor_argument

if TYPE_CHECKING:
    from sqlmonitor.cli.outcome import Reporter
    from sqlmonitor.incremental import Asked

__all__ = ["fit", "run", "validate"]

LOG_FORMAT = "json: one line for each monitor, in place of the summary."
TIMEOUT = "Stop when the whole command takes longer; exits 2."
LONGEST = 30 * 24 * 3600.0
"""Seconds that a timer takes, and more than a run should."""
RETRIES = "Try again where the warehouse cannot be reached, or is lost: after 2, 4, 8 … seconds."


@click.command(epilog="Example: sqlmonitor validate")
@monitor_argument
@click.option(
    "--show", is_flag=True, help="Print the file with its values and relations put in; no connection."
)
@global_options
@click.pass_obj
def validate(settings: Settings, monitor: str | None, show: bool) -> None:
    """Check the project file against the warehouse; no metric is computed."""
    project = settings.project()
    if show:
        from sqlmonitor.cli.resolved import resolved_text

        click.echo(resolved_text(project), nl=False)
        return
    from sqlmonitor import validation

    monitors = chosen(project, monitor)
    with connect(project, read_only=True) as engine:
        for one in monitors:
            click.echo(one.name)
            for line in validation.validate(project, one, engine):
                click.echo(f"  {line}")


@click.command(epilog="Example: sqlmonitor fit late_flights")
@monitor_argument
@global_options
@click.pass_obj
def fit(settings: Settings, monitor: str | None) -> None:
    """Fit the reference state (edges, levels, calibration, thresholds) and store it."""
    from sqlmonitor import runner

    project = settings.project()
    monitors = chosen(project, monitor)
    with connect(project) as engine:
        for one in monitors:
            with shown(one.name, is_quiet=settings.verbose) as progress:
                runner.run(project, one, engine, stage="fit", progress=progress)
            click.echo(f"{one.name}: fitted")
    click.echo(f"Next: {settings.command('run')}")


@click.command(epilog="Example: sqlmonitor run late_flights --fail-on-alert")
@monitor_argument
@click.option("--full", is_flag=True, help="Fit and count everything anew.")
@click.option("--since", metavar="TIME", help="Count chunks from here on again too; UTC, as 2013-06-01.")
@click.option("--until", metavar="TIME", help="Of those, only chunks before this time.")
@click.option("--fail-on-alert", is_flag=True, help="Exit 1 if any value after the reference alerts.")
@click.option("--log-format", type=click.Choice(("text", "json")), default="text", help=LOG_FORMAT)
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True, max=LONGEST), metavar="SECONDS", help=TIMEOUT
)
@click.option("--retries", type=click.IntRange(min=0), default=0, metavar="COUNT", help=RETRIES)
@click.option("--threads", type=click.IntRange(min=1), metavar="COUNT", help="The warehouse may use at most.")
@global_options
@click.pass_context
def run(
    ctx: click.Context,
    monitor: str | None,
    full: bool,
    since: str | None,
    until: str | None,
    fail_on_alert: bool,
    log_format: str,
    timeout: float | None,
    retries: int,
    threads: int | None,
) -> None:
    """Fit if needed, count what is new, store and print a summary.

    Read again are the newest stored chunk and those before it that `lookback` names, chunks whose
    labels came late, and all that is new.
    """
    from sqlmonitor.cli.attempts import deadline
    from sqlmonitor.cli.outcome import Reporter
    from sqlmonitor.incremental import Asked
    from sqlmonitor.times import utc

    reporter = Reporter(is_json=log_format == "json", fails_on_alert=fail_on_alert)
    try:
        asked = Asked(
            full=full,
            since=None if since is None else utc(since, "--since"),
            until=None if until is None else utc(until, "--until"),
        )
        with deadline(timeout):
            has_alerts = run_monitors(
                ctx.obj, monitor, asked=asked, reporter=reporter, retries=retries, threads=threads
            )
    except Exception as error:
        reporter.failed(error)
        raise
    if fail_on_alert and has_alerts:
        ctx.exit(1)


def run_monitors(
    settings: Settings,
    name: str | None,
    prefix: str = "",
    asked: Asked | None = None,
    *,
    reporter: Reporter | None = None,
    retries: int = 0,
    threads: int | None = None,
) -> bool:
    """Run monitors and print each one's summary.

    Args:
        settings: names the project file.
        name: the monitor; all where None.
        prefix: stands before the command that is proposed next.
        asked: which chunks are to be read again.
        reporter: told what became of each monitor, in place of a summary where it writes JSON.
        retries: how often to try again where the warehouse cannot be reached, or is lost.
        threads: that the warehouse may use; None for as many as it likes.

    Returns:
        True where any value after the reference alerts.
    """
    from sqlmonitor import runner
    from sqlmonitor.cli import attempts, summary
    from sqlmonitor.cli.outcome import Reporter
    from sqlmonitor.incremental import AS_USUAL
    from sqlmonitor.results import Results

    project = settings.project()
    reporter = reporter or Reporter(is_json=False)
    left = list(chosen(project, name))
    has_alerts = False

    def run_those_left() -> None:
        nonlocal has_alerts
        reporter.begin(left[0].name)
        with connect(project, threads=threads) as engine:
            while left:
                one = left[0]
                reporter.begin(one.name)
                with shown(one.name, is_quiet=settings.verbose or reporter.is_json) as progress:
                    frame = runner.run(project, one, engine, asked=asked or AS_USUAL, progress=progress)
                results = Results(frame)
                reporter.complete(engine, project.store, results)
                if not reporter.is_json:
                    summary.show_summary(one, results, settings, prefix)
                has_alerts |= not results.alerts_by_family().empty
                del left[0]

    attempts.persistent(run_those_left, retries)
    return has_alerts
