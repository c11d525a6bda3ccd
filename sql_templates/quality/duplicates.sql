-- duplicates: rows beyond the first of their id within the chunk, as a share of rows with an id and as a count.
-- formula: (rows - ids) / rows; in [0, 1); NULL where no row has an id; a NULL id is no duplicate
-- inputs:
--   {{ id_counts }}: chunk_number bigint, segment_column varchar, segment_value varchar, row_count bigint, distinct_count bigint, missing_count bigint
--   {{ metrics }}: name and value of every metric
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
{% for metric in metrics %}
{% if not loop.first %}union all{% endif %}
select
    chunk_number
    , segment_column
    , segment_value
    , 'quality' as family
    , {{ metric.name }} as metric
    , '' as column_name
    , '' as component
    , case when row_count > 0 then cast({{ metric.value }} as double) end as value
    , cast(null as double) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , missing_count as unused_count
    , case when row_count = 0 then 'no row with an id' end as note
from {{ id_counts }}
{% endfor %}
