-- class_values: what a chunk is worth by the value of each true and predicted class, in all and per prediction.
-- standard error: std · √n and std / √n of the worths of the rows, as many as were used
-- inputs:
--   {{ confusion }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, used double, row_count bigint, unused_count bigint
--   {{ class_confusion }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, true_class integer, predicted_class integer, cell_count double
--   {{ kpis }}: name and worth of every figure; the worth of a row is over true_class and predicted_class
-- grain: family, chunk_number, segment_column, segment_value, metric, component
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
with usage as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , max(used) as used
        , max(row_count) as row_count
        , max(unused_count) as unused_count
    from {{ confusion }}
    group by family, chunk_number, segment_column, segment_value
), worths as (
    {% for kpi in kpis %}
    {% if not loop.first %}union all{% endif %}
    select family, chunk_number, segment_column, segment_value, {{ kpi.name }} as metric, cell_count, {{ kpi.worth }} as worth
    from {{ class_confusion }}
    {% endfor %}
), totals as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , metric
        , sum(cell_count * worth) as total
        , sum(cell_count * worth * worth) as squares
    from worths
    group by family, chunk_number, segment_column, segment_value, metric
), named as (
    {% for kpi in kpis %}
    {% if not loop.first %}union all{% endif %}
    select usage.*, {{ kpi.name }} as metric
    from usage
    {% endfor %}
), measured as (
    select
        named.*
        , coalesce(totals.total, 0) as total
        , greatest(coalesce(totals.squares, 0) / nullif(used, 0) - power(coalesce(totals.total, 0) / nullif(used, 0), 2), 0) as variance
    from named
    left join totals
        on named.family = totals.family
        and named.chunk_number = totals.chunk_number
        and named.segment_column = totals.segment_column
        and named.segment_value = totals.segment_value
        and named.metric = totals.metric
)
{% for component in ("total", "per_prediction") %}
{% if not loop.first %}union all{% endif %}
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , metric
    , '' as column_name
    , {% if component == "total" %}''{% else %}'per_prediction'{% endif %} as component
    , case when row_count > 0 then {% if component == "total" %}total{% else %}total / nullif(used, 0){% endif %} end as value
    , case when row_count > 0 then {% if component == "total" %}sqrt(variance * used){% else %}sqrt(variance / nullif(used, 0)){% endif %} end as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , unused_count
    , case when row_count = 0 then case when family = 'realized' then 'no row with a label and a prediction' else 'no row with a score and a prediction' end end as note
from measured
{% endfor %}
