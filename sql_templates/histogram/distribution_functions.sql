-- distribution_functions: each chunk's distribution function beside the reference's, at every edge that either has.
-- An area is exact whatever the cells' width, because their sums are kept.
-- inputs:
--   {{ cell_pairs }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, value_sum double, reference_count bigint, reference_sum double, chunk_total bigint, reference_total bigint, missing_count bigint
--   {{ reference_columns }}: column_name varchar, minimum double, maximum double, deviation double
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
--   reference_share double     -- of the reference's rows, at the edge and up to the next
--   reference_area double      -- area below the reference's function up to the next edge
--   reference_deviation double -- population standard deviation of the column's whole reference; 0 where all is equal
with cumulated as (
    select
        cell_pairs.*
        , coalesce(lead(lower_edge) over edges, lower_edge) as next_edge
        , cast(nullif(chunk_total, 0) as double) as n
        , cast(nullif(reference_total, 0) as double) as m
        , sum(row_count) over edges as chunk_after
        , sum(reference_count) over edges as reference_after
    from {{ cell_pairs }} as cell_pairs
    window edges as (
        partition by chunk_number, segment_column, segment_value, column_name
        order by bin, lower_edge
    )
), measured as (
    select
        cumulated.*
        , next_edge - lower_edge as width
        , ((chunk_after - row_count) * (next_edge - lower_edge) + row_count * next_edge - value_sum) / n as chunk_area
        , ((reference_after - reference_count) * (next_edge - lower_edge) + reference_count * next_edge - reference_sum) / m as reference_area
    from cumulated
)
select
    measured.chunk_number
    , measured.segment_column
    , measured.segment_value
    , measured.column_name
    , measured.lower_edge as edge
    , cast(measured.chunk_total as double) as chunk_total
    , cast(measured.reference_total as double) as reference_total
    , measured.missing_count
    , (measured.reference_after - measured.reference_count) / m - (measured.chunk_after - measured.row_count) / n as difference_before
    , measured.reference_after / m - measured.chunk_after / n as difference_after
    , measured.width
    , measured.reference_area - measured.chunk_area as area
    , measured.reference_count / m as reference_share
    , measured.reference_area
    , case when reference_columns.maximum > reference_columns.minimum then reference_columns.deviation else 0e0 end as reference_deviation
from measured
left join {{ reference_columns }} as reference_columns
    on measured.column_name = reference_columns.column_name
