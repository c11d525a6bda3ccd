-- jensen_shannon: distance between each chunk's bins and the reference's, both kinds of column.
-- formula: sqrt(1/2 sum p log2(2p/(p+q)) + q log2(2q/(p+q))); in [0, 1]; NULL when either side has no rows
-- source: Lin 1991. noise floor: 8 ln 2 times its square is (1/n + 1/m) times a chi-square with
-- d = cells - 1 degrees of freedom, whose root has the mean sqrt(d - 1/2 + 1/(8d)) within 1 %; the root
-- of the mean square would be sqrt(d)
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
        , max(sampling) as sampling
        , sum(case when q > 0 then 1 else 0 end) - 1 as degrees
        , sum(
            case when p > 0 then p * ln(2 * p / (p + q)) else 0 end
            + case when q > 0 then q * ln(2 * q / (p + q)) else 0 end
        ) / (2 * ln(2e0)) as divergence
    from proportions
    group by chunk_number, segment_column, segment_value, column_name
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'drift' as family
    , 'jensen_shannon' as metric
    , column_name
    , '' as component
    , case when chunk_total > 0 and reference_total > 0 then least(sqrt(greatest(divergence, 0)), 1e0) end as value
    , cast(null as double) as standard_error
    , coalesce(sqrt(sampling * (degrees - 0.5e0 + 0.125e0 / nullif(degrees, 0)) / (8 * ln(2e0))), case when chunk_total > 0 and reference_total > 0 then 0e0 end) as noise_floor
    , cast(null as double) as p_value
    , chunk_total as row_count
    , missing_count as unused_count
    , case when reference_total = 0 then 'the reference has no values' when chunk_total = 0 then 'no values' end as note
from summed
