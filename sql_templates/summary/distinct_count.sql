-- distinct_count: how many levels every categorical column has in every chunk.
-- A level that the reference lacks is counted too; missing values are no level.
-- inputs:
--   {{ categorical }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, level varchar, row_count bigint, level_count bigint
-- grain: chunk_number, segment_column, segment_value, column_name
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
    chunk_number
    , segment_column
    , segment_value
    , 'summary' as family
    , 'distinct_count' as metric
    , column_name
    , '' as component
    , cast(sum(level_count) as double) as value
    , cast(null as double) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , cast(sum(case when bin is not null then row_count else 0 end) as bigint) as row_count
    , cast(sum(case when bin is null then row_count else 0 end) as bigint) as unused_count
    , cast(null as varchar) as note
from {{ categorical }}
group by chunk_number, segment_column, segment_value, column_name
