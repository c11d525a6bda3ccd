-- unmerged: what chunks do not have together because it cannot be told from what each has: no value, and why.
-- inputs:
--   {{ values }}: chunk_number bigint, segment_column varchar, segment_value varchar, family varchar, metric varchar, column_name varchar, component varchar, row_count bigint, unused_count bigint
--   {{ members }}: chunk_number bigint, merged_number bigint, pair varchar
--   {{ why }}: what is said of it
-- grain: chunk_number, segment_column, segment_value, family, metric, column_name, component
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
select
    members.merged_number as chunk_number
    , metric_values.segment_column
    , members.pair || metric_values.segment_value as segment_value
    , metric_values.family
    , metric_values.metric
    , metric_values.column_name
    , metric_values.component
    , cast(null as double) as value
    , cast(null as double) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , cast(sum(metric_values.row_count) as bigint) as row_count
    , cast(sum(metric_values.unused_count) as bigint) as unused_count
    , {{ why }} as note
from {{ values }} as metric_values
inner join {{ members }} as members on metric_values.chunk_number = members.chunk_number
group by 1, 2, 3, 4, 5, 6, 7
