-- reference_cells: the reference's rows in every cell that it or any chunk has, and below it.
-- Sums are of distances from the middle of the range, lest much cancels where values are large and close to each other,
-- and of whole steps, lest a running sum depends in its last bit on cells that only other chunks have.
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, value_sum double
--   {{ reference_columns }}: column_name varchar, minimum double, maximum double, unit double
-- grain: segment_column, segment_value, column_name, bin, lower_edge
-- output:
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   bin bigint
--   lower_edge double
--   width double            -- to the edge of the reference's next cell; 0 where there is none
--   center double           -- the middle of the reference's range, which is the same in whatever order rows come
--   is_infinite boolean     -- whether its rows, of either side, are too large for a sum
--   reference_count bigint
--   quantum double          -- a step, in the column's unit
--   reference_steps double  -- over its rows, of value less center, in steps
--   reference_sum double    -- the same in the column's unit
--   reference_mean double   -- of its rows' values; NULL where it has none
--   reference_before bigint -- rows in the cells below
--   sum_before double       -- their sum
--   reference_total bigint
with merged as (
    select
        segment_column
        , segment_value
        , column_name
        , bin
        , lower_edge
        , max(case when abs(value_sum) <= 1.7e308 then 0 else 1 end) as infinite_parts
        , sum(case when chunk_number % 2 = 1 then cast(row_count as double) else 0e0 end) as reference_count
        , sum(case when chunk_number % 2 = 1 and abs(value_sum) <= 1.7e308 then value_sum else 0e0 end) as value_sum
    from {{ numeric }}
    where bin is not null
    group by segment_column, segment_value, column_name, bin, lower_edge
), centered as (
    select
        merged.*
        , coalesce(reference_columns.minimum / 2 + reference_columns.maximum / 2, 0e0) as center
        , case when infinite_parts = 0 then merged.value_sum - merged.reference_count * coalesce(reference_columns.minimum / 2 + reference_columns.maximum / 2, 0e0) else 0e0 end as distance_sum
        , coalesce(reference_columns.unit, 1e0) as unit
        , sum(reference_count) over (partition by merged.segment_column, merged.segment_value, merged.column_name) as reference_total
    from merged
    left join {{ reference_columns }} as reference_columns
        on merged.column_name = reference_columns.column_name
), stepped as (
    select
        centered.*
        , unit * (greatest(reference_total, 1) / 70368744177664e0) as quantum
        , floor(distance_sum / (unit * (greatest(reference_total, 1) / 70368744177664e0)) + 0.5e0) as reference_steps
    from centered
)
select
    segment_column
    , segment_value
    , column_name
    , bin
    , lower_edge
    , coalesce(min(case when reference_count > 0 then lower_edge end) over (
        partition by segment_column, segment_value, column_name order by bin, lower_edge
        rows between 1 following and unbounded following
    ) - lower_edge, 0e0) as width
    , center
    , infinite_parts > 0 as is_infinite
    , cast(reference_count as bigint) as reference_count
    , quantum
    , reference_steps
    , reference_steps * quantum as reference_sum
    , case when infinite_parts = 0 then value_sum / nullif(reference_count, 0) end as reference_mean
    , cast(sum(reference_count) over below - reference_count as bigint) as reference_before
    , (sum(reference_steps) over below - reference_steps) * quantum as sum_before
    , cast(reference_total as bigint) as reference_total
from stepped
window below as (partition by segment_column, segment_value, column_name order by bin, lower_edge)
