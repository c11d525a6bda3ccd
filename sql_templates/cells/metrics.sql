-- metrics: every metric that is a formula over the confusion cells, whoever filled them.
-- inputs:
--   {{ confusion }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, true_positive double, false_positive double, false_negative double, true_negative double, used double, row_count bigint, unused_count bigint
--   {{ metrics }}: name, component, value and standard_error of every metric; the component may be that of its cells
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
{% for metric in metrics %}
{% if not loop.first %}union all{% endif %}
select
    {% if metric.family %}{{ metric.family }}{% else %}family{% endif %} as family
    , chunk_number
    , segment_column
    , segment_value
    , {{ metric.name }} as metric
    , '' as column_name
    , {{ metric.component }} as component
    , case when row_count > 0 then {{ metric.value }} end as value
    , case when row_count > 0 then {{ metric.standard_error }} end as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , unused_count
    , case when row_count = 0 then case when family = 'realized' then 'no row with a label and a prediction' else 'no row with a score and a prediction' end end as note
from {{ confusion }}
{% endfor %}
