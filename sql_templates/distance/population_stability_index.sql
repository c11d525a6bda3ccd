-- population_stability_index: symmetric relative entropy of each chunk and the reference, over the
-- reference's deciles or its levels; all that the reference lacks is one more cell, for deciles only
-- where the reference stands in a heap at an end of its range.
-- formula: sum (p - q) ln(p / q), p = (count + 1/2) / (n + cells / 2) and q alike; >= 0; NULL when either
-- side has no rows. The cells are the reference's, so their number is the same for every chunk.
-- source: Jeffreys 1946; Siddiqi 2006; halves as in Krichevsky and Trofimov 1981. noise floor:
-- (cells - 1) (1/n + 1/m), and what the halves make of an empty cell where n and m differ
-- inputs:
--   {{ deciles }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, row_count bigint, reference_count bigint, chunk_total bigint, reference_total bigint, missing_count bigint, has_outside boolean
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
with counted as (
    select
        deciles.*
        , sum(case when reference_count > 0 then 1 else 0 end) over series as filled
        , sum(case when reference_count > 0 then 0 else row_count end) over series as outside_count
        , sum(case when reference_count > 0 then 1 else 0 end) over series + case when has_outside then 1 else 0 end as cells
    from {{ deciles }} as deciles
    window series as (partition by chunk_number, segment_column, segment_value, column_name)
), proportions as (
    select
        counted.*
        , (row_count + 0.5e0) / (chunk_total + 0.5e0 * cells) as p
        , (reference_count + 0.5e0) / (reference_total + 0.5e0 * cells) as q
        , (outside_count + 0.5e0) / (chunk_total + 0.5e0 * cells) as outside
        , 0.5e0 / (chunk_total + 0.5e0 * cells) as nothing
        , 0.5e0 / (reference_total + 0.5e0 * cells) as reference_nothing
    from counted
), summed as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , max(chunk_total) as chunk_total
        , max(reference_total) as reference_total
        , max(missing_count) as missing_count
        , sum(case when reference_count > 0 then (p - q) * ln(p / q) else 0 end)
          + max(case when has_outside then (outside - reference_nothing) * ln(outside / reference_nothing) else 0 end) as divergence
        , max((filled - 1) * (1e0 / nullif(chunk_total, 0) + 1e0 / nullif(reference_total, 0)))
          + max(case when has_outside then (nothing - reference_nothing) * ln(nothing / reference_nothing) else 0 end) as noise_floor
    from proportions
    group by chunk_number, segment_column, segment_value, column_name
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'drift' as family
    , 'population_stability_index' as metric
    , column_name
    , '' as component
    , case when chunk_total > 0 and reference_total > 0 then divergence end as value
    , cast(null as double) as standard_error
    , noise_floor
    , cast(null as double) as p_value
    , chunk_total as row_count
    , missing_count as unused_count
    , case when reference_total = 0 then 'the reference has no values' when chunk_total = 0 then 'no values' end as note
from summed
