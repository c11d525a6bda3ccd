-- distribution_functions: each chunk's distribution function beside the reference's, at every edge that either has.
-- The signed area of a cell is exact whatever its width, because its sums are kept. Where the two functions cross
-- inside it, each is read as one step at its cell's mean, which is exact again where values are equal. Where the
-- chunk has one row in it, the reference is read as spread evenly around its mean, if that is near the middle;
-- a mean near the lower edge says that most rows have the edge's own value (as zeros do) and the others the rest.
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
--   absolute_area double       -- area between them up to the next edge
--   largest_inside double      -- largest absolute difference at the edge's own value, or at the chunk's one row in the cell
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
        , (reference_after - reference_count) / m - (chunk_after - row_count) / n as difference_before
        , reference_after / m - chunk_after / n as difference_after
        , coalesce(reference_sum / nullif(reference_count, 0), value_sum / nullif(row_count, 0)) - lower_edge as reference_place
        , coalesce(value_sum / nullif(row_count, 0), reference_sum / nullif(reference_count, 0)) - lower_edge as chunk_place
        , case
            when row_count = 1 and next_edge > lower_edge
                and abs(reference_sum / nullif(reference_count, 0) - value_sum) > 1e-3 * (next_edge - lower_edge)
                and reference_sum / nullif(reference_count, 0) - lower_edge between 0.3e0 * (next_edge - lower_edge) and 0.7e0 * (next_edge - lower_edge)
                then least((value_sum - lower_edge) / nullif(2 * (reference_sum / reference_count - lower_edge), 0), 1) * reference_count / m
        end as share_below_row
    from cumulated
), read as (
    -- How much of each side in the cell has the edge's own value; the rest is read as spread evenly.
    select
        measured.*
        , case
            when reference_place <= 1e-9 * width + 1e-12 * abs(lower_edge) then 1e0
            when reference_count >= 20 and reference_place < 0.1e0 * width then 1 - 2 * reference_place / width
            else 0e0
        end as reference_atom
        , case
            when chunk_place <= 1e-9 * width + 1e-12 * abs(lower_edge) then 1e0
            when chunk_place < 0.1e0 * width then 1 - 2 * chunk_place / width
            else 0e0
        end as chunk_atom
    from measured
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
    , measured.difference_before
    , measured.difference_after
    , measured.width
    , measured.reference_area - measured.chunk_area as area
    , abs(measured.difference_before) * least(reference_place, chunk_place)
      + abs(measured.difference_before + case
        when reference_place < chunk_place then measured.reference_count / m
        else -measured.row_count / n
    end) * abs(reference_place - chunk_place)
      + abs(measured.difference_after) * (measured.width - greatest(reference_place, chunk_place)) as absolute_area
    , greatest(
        coalesce(abs(measured.difference_before + measured.share_below_row), 0)
        , coalesce(abs(measured.difference_before + measured.share_below_row - 1 / n), 0)
        , abs(
            measured.difference_before + reference_atom * measured.reference_count / m
            - case
                when abs(reference_place - chunk_place) <= 1e-3 * measured.width then reference_atom
                when least(measured.row_count, measured.reference_count) < 20 and reference_atom = 0 and chunk_atom < 1 then 0
                else chunk_atom
            end * measured.row_count / n
        )
    ) as largest_inside
    , measured.reference_count / m as reference_share
    , measured.reference_area
    , case when reference_columns.maximum > reference_columns.minimum then reference_columns.deviation else 0e0 end as reference_deviation
from read as measured
left join {{ reference_columns }} as reference_columns
    on measured.column_name = reference_columns.column_name
order by chunk_number, segment_column, segment_value, column_name, edge
