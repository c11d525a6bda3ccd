-- measured: a result's row for every metric in every chunk, from the values that there are, with the rows used.
-- inputs:
--   {{ parts }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, metric varchar, component varchar, value double, standard_error double, note varchar
--   {{ usage }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, row_count bigint, unused_count bigint
--   {{ metrics }}: the names of all metrics
--   {{ component }}: the usage's component, or '' for values over all classes, which use the rows that each class does
--   {{ unlabelled }}, {{ unscored }}: what is said of a chunk without rows, realized and estimated
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
with metrics as (
    {% for metric in metrics %}
    {% if not loop.first %}union all{% endif %}
    select {{ metric }} as metric
    {% endfor %}
), parts as (
    {% for part in parts %}
    {% if not loop.first %}union all{% endif %}
    select family, chunk_number, segment_column, segment_value, metric, component, value, standard_error, note
    from {{ part }}
    {% endfor %}
), used as (
    select distinct family, chunk_number, segment_column, segment_value, {{ component }} as component, row_count, unused_count
    from {{ usage }}
)
select
    used.family
    , used.chunk_number
    , used.segment_column
    , used.segment_value
    , metrics.metric
    , '' as column_name
    , used.component
    , case when used.row_count > 0 then parts.value end as value
    , case when used.row_count > 0 then parts.standard_error end as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , used.row_count
    , used.unused_count
    , case
        when used.row_count = 0 and used.family = 'realized' then {{ unlabelled }}
        when used.row_count = 0 then {{ unscored }}
        else parts.note
    end as note
from used
cross join metrics
left join parts
    on used.family = parts.family
    and used.chunk_number = parts.chunk_number
    and used.segment_column = parts.segment_column
    and used.segment_value = parts.segment_value
    and used.component = parts.component
    and metrics.metric = parts.metric
