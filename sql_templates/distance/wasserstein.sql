-- wasserstein: area between the two distribution functions, in the column's unit; tails exact.
-- formula: integral of |F - G|; >= 0; NULL when either side has no rows or holds an infinite value
-- source: Vallender 1974; noise floor: sqrt(2/pi) sqrt(1/n + 1/m) times the integral of sqrt(F (1 - F)) is left for the catalogue
-- inputs:
--   {{ distribution_functions }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, edge double, chunk_total double, reference_total double, missing_count bigint, difference_before double, difference_after double, width double, area double
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
with areas as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , sum(abs(area)) as distance
        , max(chunk_total) as chunk_total
        , max(reference_total) as reference_total
        , max(missing_count) as missing_count
    from {{ distribution_functions }}
    group by chunk_number, segment_column, segment_value, column_name
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'drift' as family
    , 'wasserstein' as metric
    , column_name
    , '' as component
    , case when distance <= 1.7e308 then distance end as value
    , cast(null as double) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , cast(chunk_total as bigint) as row_count
    , missing_count as unused_count
    , case when distance is null then 'no values' when not distance <= 1.7e308 then 'infinite values' end as note
from areas
