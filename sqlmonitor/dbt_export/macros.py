"""The package's generic tests, in dbt's SQL."""

from __future__ import annotations

NO_OPEN_ALERTS = """\
{#- Fails where results are outside their thresholds. For the results, or what has their columns.

    monitor: this one's results alone.
    family: this family's alone.
    newest: True for the newest whole chunk of each monitor, metric and comparison; False for all chunks. -#}
{% test sqlmonitor_no_open_alerts(model, monitor=none, family=none, newest=true) %}
select *
from {{ model }} as alerts
where period = 'analysis' and is_alert
{%- if monitor is not none %}
    and monitor = {{ dbt.string_literal(dbt.escape_single_quotes(monitor)) }}
{%- endif %}
{%- if family is not none %}
    and family = {{ dbt.string_literal(dbt.escape_single_quotes(family)) }}
{%- endif %}
{%- if newest %}
    and not is_partial
    and not exists (
        select 1
        from {{ model }} as later
        where later.monitor = alerts.monitor
            and later.family = alerts.family
            and later.metric = alerts.metric
            and later.chunk_length = alerts.chunk_length
            and later.compared_with = alerts.compared_with
            and later.period = 'analysis'
            and not later.is_partial
            and later.chunk > alerts.chunk
    )
{%- endif %}
{% endtest %}
"""
UNIQUE_TOGETHER = """\
{#- Fails where two rows have the same values in all of these columns. -#}
{% test sqlmonitor_unique_together(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
"""
MACROS = {"sqlmonitor_no_open_alerts": NO_OPEN_ALERTS, "sqlmonitor_unique_together": UNIQUE_TOGETHER}
