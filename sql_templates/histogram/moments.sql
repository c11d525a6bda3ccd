-- moments: mean and spread of every numeric column in every chunk, from its stored histogram.
-- Two passes, so nothing cancels; spread inside cells is added where the cells keep it.
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, value_sum double, square_sum double, lowest_value double, highest_value double
-- grain: chunk_number, segment_column, segment_value, column_name
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   row_count bigint
--   unused_count bigint
--   n double               -- rows with a value, NULL where there are none or one of them is infinite
--   value_sum double
--   mean double
--   square_sum double      -- squared deviations from the mean
--   fourth_sum double      -- their squares
--   lowest_value double
--   highest_value double
with totals as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , cast(sum(case when bin is not null then row_count else 0 end) as bigint) as row_count
        , cast(sum(case when bin is null then row_count else 0 end) as bigint) as unused_count
        , sum(case when bin is not null then value_sum end) as value_sum
        , min(lowest_value) as lowest_value
        , max(highest_value) as highest_value
    from {{ numeric }}
    group by chunk_number, segment_column, segment_value, column_name
), means as (
    select
        totals.*
        , case when abs(value_sum) <= 1.7e308 then cast(nullif(row_count, 0) as double) end as n
        , case when abs(value_sum) <= 1.7e308 then value_sum / nullif(row_count, 0) end as mean
    from totals
), deviations as (
    select
        means.chunk_number
        , means.segment_column
        , means.segment_value
        , means.column_name
        , numeric_cells.row_count
        , coalesce(numeric_cells.square_sum, 0) as inside
        , power(numeric_cells.value_sum / numeric_cells.row_count - means.mean, 2) as between_cells
    from means
    inner join {{ numeric }} as numeric_cells
        on means.chunk_number = numeric_cells.chunk_number
        and means.segment_column = numeric_cells.segment_column
        and means.segment_value = numeric_cells.segment_value
        and means.column_name = numeric_cells.column_name
    where numeric_cells.bin is not null and means.n is not null
), spreads as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , sum(row_count * between_cells + inside) as square_sum
        , sum(row_count * between_cells * between_cells + 6 * between_cells * inside) as fourth_sum
    from deviations
    group by chunk_number, segment_column, segment_value, column_name
)
select
    means.chunk_number
    , means.segment_column
    , means.segment_value
    , means.column_name
    , means.row_count
    , means.unused_count
    , means.n
    , case when means.n is not null then means.value_sum end as value_sum
    , means.mean
    , spreads.square_sum
    , spreads.fourth_sum
    , means.lowest_value
    , means.highest_value
from means
left join spreads
    on means.chunk_number = spreads.chunk_number
    and means.segment_column = spreads.segment_column
    and means.segment_value = spreads.segment_value
    and means.column_name = spreads.column_name
