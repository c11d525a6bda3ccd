-- reference_cells: the reference's rows in every cell that it or any chunk has, and below it.
-- Sums are of distances from the column's mean, lest much cancels where values are large and close to each other.
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, value_sum double
--   {{ reference_columns }}: column_name varchar, mean double
-- grain: segment_column, segment_value, column_name, bin, lower_edge
-- output:
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   bin bigint
--   lower_edge double
--   width double            -- to the next cell's edge; 0 for the last
--   center double           -- the column's mean
--   is_infinite boolean     -- whether its rows, of either side, are too large for a sum
--   reference_count bigint
--   reference_sum double    -- over its rows, of value less center
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
        , sum(case when chunk_number % 2 = 1 then row_count else 0 end) as reference_count
        , sum(case when chunk_number % 2 = 1 and abs(value_sum) <= 1.7e308 then value_sum else 0e0 end) as value_sum
    from {{ numeric }}
    where bin is not null
    group by segment_column, segment_value, column_name, bin, lower_edge
), centered as (
    select
        merged.*
        , coalesce(reference_columns.mean, 0e0) as center
        , case when infinite_parts = 0 then merged.value_sum - merged.reference_count * coalesce(reference_columns.mean, 0e0) else 0e0 end as reference_sum
    from merged
    left join {{ reference_columns }} as reference_columns
        on merged.column_name = reference_columns.column_name
)
select
    segment_column
    , segment_value
    , column_name
    , bin
    , lower_edge
    , coalesce(lead(lower_edge) over below - lower_edge, 0e0) as width
    , center
    , infinite_parts > 0 as is_infinite
    , cast(reference_count as bigint) as reference_count
    , reference_sum
    , case when infinite_parts = 0 then value_sum / nullif(reference_count, 0) end as reference_mean
    , cast(sum(reference_count) over below - reference_count as bigint) as reference_before
    , sum(reference_sum) over below - reference_sum as sum_before
    , cast(sum(reference_count) over series as bigint) as reference_total
from centered
window
    below as (partition by segment_column, segment_value, column_name order by bin, lower_edge)
    , series as (partition by segment_column, segment_value, column_name)
