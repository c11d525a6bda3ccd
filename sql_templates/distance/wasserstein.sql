-- wasserstein: area between the two distribution functions, in the column's unit or another; tails exact.
-- formula: integral of |F - G|; >= 0; NULL when either side has no rows or holds an infinite value, or
-- where the unit is 0
-- source: Vallender 1974. noise floor: sqrt(2/pi) sqrt(1/n + 1/m) times the integral of sqrt(F (1 - F)), F the
-- reference's mean over each cell
-- inputs:
--   {{ distribution_functions }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, edge double, chunk_total double, reference_total double, missing_count bigint, difference_before double, difference_after double, width double, area double, absolute_area double, largest_inside double, reference_share double, reference_area double, reference_deviation double
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
        , sum(absolute_area) as distance
        , case when sum(absolute_area) <= 1.7e308
            then sqrt(2 / pi() * (1 / nullif(max(chunk_total), 0) + 1 / nullif(max(reference_total), 0)))
            * sum(sqrt(greatest(case when width <= 1.7e308 then reference_area * (width - reference_area) else 0 end, 0))) end as noise_floor
        , max(chunk_total) as chunk_total
        , max(reference_total) as reference_total
        , max(missing_count) as missing_count
        , {{ unit }} as unit
    from {{ distribution_functions }}
    group by chunk_number, segment_column, segment_value, column_name
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'drift' as family
    , {{ name }} as metric
    , column_name
    , '' as component
    , case when distance <= 1.7e308 then distance / nullif(unit, 0) end as value
    , cast(null as double) as standard_error
    , noise_floor / nullif(unit, 0) as noise_floor
    , cast(null as double) as p_value
    , cast(chunk_total as bigint) as row_count
    , missing_count as unused_count
    , case
        when reference_total = 0 then 'the reference has no values'
        when distance is null then 'no values'
        when not distance <= 1.7e308 then 'infinite values'
        when coalesce(unit, 0) = 0 then 'all values of the reference are equal'
    end as note
from areas
