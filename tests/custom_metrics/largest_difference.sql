-- largest_difference: largest difference of the two distribution functions, as a user may write it.
-- inputs:
--   {{ distribution_functions }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, chunk_total double, missing_count bigint, difference_after double, largest_inside double
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
    , 'drift' as family
    , 'largest_difference' as metric
    , column_name
    , '' as component
    , greatest(max(largest_inside), max(abs(difference_after))) as value
    , cast(null as double) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , cast(max(chunk_total) as bigint) as row_count
    , max(missing_count) as unused_count
    , case when max(difference_after) is null then 'no values' end as note
from {{ distribution_functions }}
group by chunk_number, segment_column, segment_value, column_name
