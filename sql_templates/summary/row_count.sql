-- row_count: rows of every chunk.
-- inputs:
--   {{ chunk_counts }}: chunk_number bigint, segment_column varchar, segment_value varchar, row_count bigint, first_time timestamp, last_time timestamp
-- grain: chunk_number, segment_column, segment_value
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
    , 'row_count' as metric
    , '' as column_name
    , '' as component
    , cast(row_count as double) as value
    , cast(null as double) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , cast(0 as bigint) as unused_count
    , cast(null as varchar) as note
from {{ chunk_counts }}
where chunk_number is not null
