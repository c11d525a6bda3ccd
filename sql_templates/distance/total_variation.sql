-- total_variation: share of a chunk's rows that would have to change bins to match the reference.
-- formula: 1/2 sum |p - q|; in [0, 1]; NULL when either side has no rows
-- source: Levin, Peres and Wilmer 2009, 4.1. noise floor: 1/2 sum sqrt(2/pi q (1 - q) (1/n + 1/m))
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
with proportions as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , chunk_total
        , reference_total
        , missing_count
        , row_count / cast(nullif(chunk_total, 0) as double) as p
        , reference_count / cast(nullif(reference_total, 0) as double) as q
        , 1e0 / nullif(chunk_total, 0) + 1e0 / nullif(reference_total, 0) as sampling
    from {{ bins }}
), summed as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , max(chunk_total) as chunk_total
        , max(reference_total) as reference_total
        , max(missing_count) as missing_count
        , sum(abs(p - q)) / 2 as distance
        , sum(sqrt(2 / pi() * q * (1 - q) * sampling)) / 2 as noise_floor
    from proportions
    group by chunk_number, segment_column, segment_value, column_name
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'drift' as family
    , 'total_variation' as metric
    , column_name
    , '' as component
    , case when chunk_total > 0 and reference_total > 0 then least(distance, 1e0) end as value
    , cast(null as double) as standard_error
    , noise_floor as noise_floor
    , cast(null as double) as p_value
    , chunk_total as row_count
    , missing_count as unused_count
    , case when reference_total = 0 then 'the reference has no values' when chunk_total = 0 then 'no values' end as note
from summed
