-- values: the business figures, and metrics of the user's own that are aggregates, as rows.
-- inputs:
--   {{ chunk_counts }}: chunk_number bigint, segment_column varchar, segment_value varchar, row_count bigint, kpi_0 double
--   {{ kpis }}: index, name and family of every figure, and a note for one that has no value over merged chunks
-- grain: chunk_number, segment_column, segment_value, metric
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   family varchar
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
{% for kpi in kpis %}
{% if not loop.first %}union all{% endif %}
select
    chunk_number
    , segment_column
    , segment_value
    , {{ kpi.family }} as family
    , {{ kpi.name }} as metric
    , '' as column_name
    , '' as component
    , case when abs(kpi_{{ kpi.index }}) <= 1.7e308 then kpi_{{ kpi.index }} end as value
    , cast(null as double) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , cast(0 as bigint) as unused_count
    , case when kpi_{{ kpi.index }} is null then {% if kpi.note %}{{ kpi.note }}{% else %}'the expression gave NULL'{% endif %} when not abs(kpi_{{ kpi.index }}) <= 1.7e308 then 'the expression gave no finite number' end as note
from {{ chunk_counts }}
where chunk_number is not null
{% endfor %}
