-- hellinger: distance between each chunk's bins and the reference's, both kinds of column.
-- formula: sqrt(1/2 sum (sqrt(p) - sqrt(q))^2); in [0, 1]; NULL when either side has no rows
-- source: Hellinger 1909. noise floor: 8 times its square is (1/n + 1/m) times a chi-square with
-- d = cells - 1 degrees of freedom, whose root has the mean sqrt(d - 1/2 + 1/(8d)). A cell with few rows
-- is no whole degree, or more than one: with t rows of both sides and s = t n m / (n + m)^2 it counts
-- min(8 s, 1 + 1/(1 + s^2)), near the mean over the ways to deal t
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
        , (row_count + reference_count) / (
            (chunk_total + reference_total) * (1e0 / nullif(chunk_total, 0) + 1e0 / nullif(reference_total, 0))
        ) as size
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
        , max(sampling) as sampling
        , greatest(sum(least(8 * size, 1 + 1e0 / (1 + size * size))) - 1, 0) as degrees
        , sum((sqrt(p) - sqrt(q)) * (sqrt(p) - sqrt(q))) / 2 as divergence
    from proportions
    group by chunk_number, segment_column, segment_value, column_name
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'drift' as family
    , 'hellinger' as metric
    , column_name
    , '' as component
    , case when chunk_total > 0 and reference_total > 0 then least(sqrt(divergence), 1e0) end as value
    , cast(null as double) as standard_error
    , sqrt(sampling / 8) * case when degrees < 0.5 then degrees else sqrt(degrees - 0.5e0 + 0.125e0 / degrees) end as noise_floor
    , cast(null as double) as p_value
    , chunk_total as row_count
    , missing_count as unused_count
    , case when reference_total = 0 then 'the reference has no values' when chunk_total = 0 then 'no values' end as note
from summed
