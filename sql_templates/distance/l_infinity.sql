-- l_infinity: largest difference of a level's proportion; unseen levels count as one.
-- formula: max |p - q|; in [0, 1]; NULL when either side has no rows
-- inputs:
--   {{ bins }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, is_numeric boolean, bin bigint, row_count bigint, reference_count bigint, chunk_total bigint, reference_total bigint, missing_count bigint
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
    , 'l_infinity' as metric
    , column_name
    , '' as component
    , max(abs(row_count / cast(nullif(chunk_total, 0) as double) - reference_count / cast(nullif(reference_total, 0) as double))) as value
    , cast(null as double) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , max(chunk_total) as row_count
    , max(missing_count) as unused_count
    , case when max(reference_total) = 0 then 'the reference has no values' when max(chunk_total) = 0 then 'no values' end as note
from {{ bins }}
where not is_numeric
group by chunk_number, segment_column, segment_value, column_name
