-- distribution_functions: each chunk's distribution function beside the reference's, at every edge that either has.
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, value_sum double
-- grain: chunk_number, segment_column, segment_value, column_name, edge
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   edge double
--   chunk_total double
--   reference_total double
--   missing_count bigint
--   difference_before double   -- reference minus chunk, left of the edge
--   difference_after double    -- reference minus chunk, with the edge's rows
--   width double               -- to the next edge
--   area double                -- signed area between the two functions up to the next edge
with chunk_columns as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , cast(sum(case when bin is not null then row_count else 0 end) as double) as chunk_total
        , cast(sum(case when bin is null then row_count else 0 end) as bigint) as missing_count
    from {{ numeric }}
    group by chunk_number, segment_column, segment_value, column_name
), reference_edges as (
    select
        segment_column
        , segment_value
        , column_name
        , bin
        , lower_edge
        , cast(sum(row_count) as double) as row_count
        , sum(value_sum) as value_sum
    from {{ numeric }}
    where chunk_number % 2 = 1 and bin is not null
    group by segment_column, segment_value, column_name, bin, lower_edge
), reference_totals as (
    select segment_column, segment_value, column_name, sum(row_count) as reference_total
    from reference_edges
    group by segment_column, segment_value, column_name
), paired as (
    select
        chunk_columns.chunk_number
        , reference_edges.segment_column
        , reference_edges.segment_value
        , reference_edges.column_name
        , reference_edges.bin
        , reference_edges.lower_edge
        , 0e0 as row_count
        , 0e0 as value_sum
        , reference_edges.row_count as reference_count
        , reference_edges.value_sum as reference_sum
    from chunk_columns
    inner join reference_edges
        on chunk_columns.segment_column = reference_edges.segment_column
        and chunk_columns.segment_value = reference_edges.segment_value
        and chunk_columns.column_name = reference_edges.column_name
    union all
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , bin
        , lower_edge
        , cast(row_count as double) as row_count
        , value_sum
        , 0e0 as reference_count
        , 0e0 as reference_sum
    from {{ numeric }}
    where bin is not null
), merged as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , bin
        , lower_edge
        , sum(row_count) as row_count
        , sum(value_sum) as value_sum
        , sum(reference_count) as reference_count
        , sum(reference_sum) as reference_sum
    from paired
    group by chunk_number, segment_column, segment_value, column_name, bin, lower_edge
), cumulated as (
    select
        merged.*
        , chunk_columns.chunk_total
        , chunk_columns.missing_count
        , reference_totals.reference_total
        , coalesce(lead(merged.lower_edge) over edges, merged.lower_edge) as next_edge
        , sum(merged.row_count) over edges / nullif(chunk_columns.chunk_total, 0) as chunk_function
        , sum(merged.reference_count) over edges / nullif(reference_totals.reference_total, 0) as reference_function
    from merged
    inner join chunk_columns
        on merged.chunk_number = chunk_columns.chunk_number
        and merged.segment_column = chunk_columns.segment_column
        and merged.segment_value = chunk_columns.segment_value
        and merged.column_name = chunk_columns.column_name
    left join reference_totals
        on merged.segment_column = reference_totals.segment_column
        and merged.segment_value = reference_totals.segment_value
        and merged.column_name = reference_totals.column_name
    window edges as (
        partition by merged.chunk_number, merged.segment_column, merged.segment_value, merged.column_name
        order by merged.bin, merged.lower_edge
    )
)
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , lower_edge as edge
    , chunk_total
    , reference_total
    , missing_count
    , (reference_function - reference_count / nullif(reference_total, 0)) - (chunk_function - row_count / nullif(chunk_total, 0)) as difference_before
    , reference_function - chunk_function as difference_after
    , next_edge - lower_edge as width
    , ((reference_function - reference_count / nullif(reference_total, 0)) - (chunk_function - row_count / nullif(chunk_total, 0))) * (next_edge - lower_edge)
      + (reference_count * next_edge - reference_sum) / nullif(reference_total, 0)
      - (row_count * next_edge - value_sum) / nullif(chunk_total, 0) as area
from cumulated
