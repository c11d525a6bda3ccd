-- wasserstein: area between the two distribution functions, in the column's unit or another; tails exact.
-- formula: integral of |F - G|; >= 0; NULL when either side has no rows or holds an infinite value, or
-- where the unit is 0
-- source: Vallender 1974. noise floor: sqrt(2/pi) sqrt(1/n + 1/m) times the integral of sqrt(F (1 - F)), F the
-- reference's mean over each cell
-- inputs:
--   {{ chunk_areas }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, missing_count bigint, chunk_total bigint, is_infinite boolean, area double
--   {{ reference_shapes }}: segment_column varchar, segment_value varchar, column_name varchar, reference_total bigint, has_infinite boolean, value_count bigint, two_value_spread double, step_size double, spread double, reference_deviation double
--   {{ name }}: the metric's
--   {{ unit }}: size of the unit, in the column's
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
        , sum(area) as area
        , sum(case when is_infinite then 1 else 0 end) as infinite_cells
        , cast(max(chunk_total) as double) as chunk_total
        , max(missing_count) as missing_count
    from {{ chunk_areas }}
    group by chunk_number, segment_column, segment_value, column_name
), compared as (
    select
        areas.*
        , area as distance
        , infinite_cells > 0 or has_infinite or not area <= 1.7e308 as is_infinite
        , case when chunk_total > 0 and reference_shapes.reference_total > 0 and infinite_cells = 0 and not has_infinite and area <= 1.7e308
            then sqrt(2 / pi() * (1 / chunk_total + 1e0 / reference_shapes.reference_total)) * spread
        end as noise_floor
        , coalesce(reference_shapes.reference_total, 0) as reference_total
        , {{ unit }} as unit
    from areas
    left join {{ reference_shapes }} as reference_shapes
        on areas.segment_column = reference_shapes.segment_column
        and areas.segment_value = reference_shapes.segment_value
        and areas.column_name = reference_shapes.column_name
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'drift' as family
    , {{ name }} as metric
    , column_name
    , '' as component
    , case when not is_infinite then distance / nullif(unit, 0) end as value
    , cast(null as double) as standard_error
    , noise_floor / nullif(unit, 0) as noise_floor
    , cast(null as double) as p_value
    , cast(chunk_total as bigint) as row_count
    , missing_count as unused_count
    , case
        when reference_total = 0 then 'the reference has no values'
        when distance is null then 'no values'
        when is_infinite then 'infinite values'
        when coalesce(unit, 0) = 0 then 'all values of the reference are equal'
    end as note
from compared
