-- bars: a small histogram of every numeric column in every chunk, between two of its quantiles.
-- Rows of a part stand where its middle lies; what is below the first bar or above the last counts there.
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, row_count bigint, lowest_value double, highest_value double
--   {{ quantiles }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar
--   {{ lower }}, {{ upper }}: the quantiles' columns
--   {{ bar_count }}: how many bars
-- grain: chunk_number, segment_column, segment_value, column_name, bar
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   bar bigint
--   row_count bigint
with placed as (
    select
        numeric_cells.chunk_number
        , numeric_cells.segment_column
        , numeric_cells.segment_value
        , numeric_cells.column_name
        , numeric_cells.row_count
        , case
            when quantiles.{{ upper }} > quantiles.{{ lower }} and quantiles.{{ upper }} - quantiles.{{ lower }} <= 1.7e308
                then (numeric_cells.lowest_value / 2 + numeric_cells.highest_value / 2 - quantiles.{{ lower }}) / nullif(quantiles.{{ upper }} - quantiles.{{ lower }}, 0)
            else 0.5e0
        end as place
    from {{ numeric }} as numeric_cells
    inner join {{ quantiles }} as quantiles
        on numeric_cells.chunk_number = quantiles.chunk_number
        and numeric_cells.segment_column = quantiles.segment_column
        and numeric_cells.segment_value = quantiles.segment_value
        and numeric_cells.column_name = quantiles.column_name
    where numeric_cells.bin is not null
)
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , cast(floor(least(greatest(place * {{ bar_count }}, 0), {{ bar_count }} - 1)) as bigint) as bar
    , cast(sum(row_count) as bigint) as row_count
from placed
group by 1, 2, 3, 4, 5
