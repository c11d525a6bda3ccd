-- cell_pairs: every chunk's fine cells beside the reference's, in order of the values.
-- One row for each cell that the reference or the chunk has. A column without any value has one, without a cell.
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, value_sum double
-- grain: chunk_number, segment_column, segment_value, column_name, bin, lower_edge
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   bin bigint
--   lower_edge double
--   row_count bigint
--   value_sum double
--   reference_count bigint
--   reference_sum double
--   chunk_total bigint
--   reference_total bigint
--   missing_count bigint
with series as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , sum(case when bin is not null then row_count else 0 end) as chunk_total
        , sum(case when bin is null then row_count else 0 end) as missing_count
    from {{ numeric }}
    group by chunk_number, segment_column, segment_value, column_name
), reference_cells as (
    select segment_column, segment_value, column_name, bin, lower_edge, sum(row_count) as reference_count, sum(value_sum) as reference_sum
    from {{ numeric }}
    where chunk_number % 2 = 1 and bin is not null
    group by segment_column, segment_value, column_name, bin, lower_edge
), paired as (
    select
        series.chunk_number
        , reference_cells.segment_column
        , reference_cells.segment_value
        , reference_cells.column_name
        , reference_cells.bin
        , reference_cells.lower_edge
        , 0 as row_count
        , 0e0 as value_sum
        , reference_cells.reference_count
        , reference_cells.reference_sum
    from series
    inner join reference_cells
        on series.segment_column = reference_cells.segment_column
        and series.segment_value = reference_cells.segment_value
        and series.column_name = reference_cells.column_name
    union all
    select chunk_number, segment_column, segment_value, column_name, bin, lower_edge, row_count, value_sum, 0 as reference_count, 0e0 as reference_sum
    from {{ numeric }}
    where bin is not null
)
select
    series.chunk_number
    , series.segment_column
    , series.segment_value
    , series.column_name
    , paired.bin
    , paired.lower_edge
    , cast(sum(coalesce(paired.row_count, 0)) as bigint) as row_count
    , sum(paired.value_sum) as value_sum
    , cast(sum(coalesce(paired.reference_count, 0)) as bigint) as reference_count
    , sum(paired.reference_sum) as reference_sum
    , cast(max(series.chunk_total) as bigint) as chunk_total
    , cast(sum(sum(coalesce(paired.reference_count, 0))) over (
        partition by series.chunk_number, series.segment_column, series.segment_value, series.column_name
    ) as bigint) as reference_total
    , cast(max(series.missing_count) as bigint) as missing_count
from series
left join paired
    on series.chunk_number = paired.chunk_number
    and series.segment_column = paired.segment_column
    and series.segment_value = paired.segment_value
    and series.column_name = paired.column_name
group by 1, 2, 3, 4, 5, 6
order by chunk_number, segment_column, segment_value, column_name, bin, lower_edge
