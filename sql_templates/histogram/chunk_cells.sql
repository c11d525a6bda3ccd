-- chunk_cells: each chunk's own cells beside the reference's running count. Between two of them the chunk's
-- distribution function is flat, so the two functions are farthest apart just before or after one of them.
-- Where both share a cell, a mean near its lower edge says that most rows have the edge's own value (as zeros do)
-- and the others the rest; a mean near its middle, that rows are spread evenly, which places a chunk's only row.
-- Equal means are one value, or tell nothing: heaps are told apart where they lie in different parts of cells.
-- A chunk without any value has one row, without a cell.
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, value_sum double
--   {{ reference_cells }}: segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, width double, center double, quantum double, is_infinite boolean, reference_count bigint, reference_sum double, reference_mean double, reference_before bigint, sum_before double, reference_total bigint
-- grain: chunk_number, segment_column, segment_value, column_name, bin, lower_edge
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   bin bigint
--   lower_edge double
--   row_count bigint
--   missing_count bigint
--   chunk_total bigint
--   rank_before double     -- rank in the reference that the chunk's rows in the cells below reach
--   rank_after double      -- the same with the cell's own rows
--   is_infinite boolean
--   quantum double         -- a step of the reference's sums, in the column's unit
--   distance double        -- mean of the chunk's rows in the cell, from center
--   reference_below bigint -- the reference's rows below that mean
--   sum_below double       -- their sum, from center
--   next_below bigint      -- reference_below of the chunk's next cell; NULL for the last
--   reference_total bigint
--   largest double         -- largest absolute difference of the two functions at the cell
with joined as (
    select
        cells.chunk_number
        , cells.segment_column
        , cells.segment_value
        , cells.column_name
        , cells.bin
        , cells.lower_edge
        , case when cells.bin is null then 0 else cells.row_count end as row_count
        , case when cells.bin is null then cells.row_count else 0 end as missing_count
        , coalesce(reference_cells.is_infinite, false) as is_infinite
        , case when not reference_cells.is_infinite then cells.value_sum / cells.row_count - reference_cells.center else 0e0 end as distance
        , case when not reference_cells.is_infinite then cells.value_sum / cells.row_count - cells.lower_edge else 0e0 end as chunk_place
        , reference_cells.reference_mean - cells.lower_edge as reference_place
        , reference_cells.width
        , reference_cells.quantum
        , coalesce(reference_cells.reference_count, 0) as reference_count
        , coalesce(reference_cells.reference_before, 0) as reference_before
        , reference_cells.reference_before + case when cells.value_sum / cells.row_count >= reference_cells.reference_mean then reference_cells.reference_count else 0 end as reference_below
        , reference_cells.sum_before + case when cells.value_sum / cells.row_count >= reference_cells.reference_mean then reference_cells.reference_sum else 0e0 end as sum_below
        , coalesce(reference_cells.reference_total, 0) as reference_total
    from {{ numeric }} as cells
    left join {{ reference_cells }} as reference_cells
        on cells.segment_column = reference_cells.segment_column
        and cells.segment_value = reference_cells.segment_value
        and cells.column_name = reference_cells.column_name
        and cells.bin = reference_cells.bin
        and cells.lower_edge = reference_cells.lower_edge
), cumulated as (
    select
        joined.*
        -- As doubles, which hold these counts exactly: sums of bigints are wider, and slower.
        , sum(cast(row_count as double)) over cells - row_count as chunk_before
        , lead(case when bin is not null then reference_below end) over cells as next_below
        , sum(cast(row_count as double)) over (partition by chunk_number, segment_column, segment_value, column_name) as chunk_total
    from joined
    window cells as (partition by chunk_number, segment_column, segment_value, column_name order by bin nulls last, lower_edge)
), shared as (
    select
        cumulated.*
        , reference_before / cast(nullif(reference_total, 0) as double) - chunk_before / cast(nullif(chunk_total, 0) as double) as difference
        , reference_count / cast(nullif(reference_total, 0) as double) as reference_share
        , row_count / cast(nullif(chunk_total, 0) as double) as chunk_share
        , abs(reference_place - chunk_place) <= 1e-3 * width as is_one_value
        , case when row_count = 1 and width > 0 and abs(reference_place - chunk_place) > 1e-3 * width and reference_place between 0.3e0 * width and 0.7e0 * width
            then least(chunk_place / (2 * reference_place), 1) end as share_below_row
        , case
            when coalesce(reference_place, chunk_place) <= 1e-9 * width + 1e-12 * abs(lower_edge) then 1e0
            when reference_count >= 20 and reference_place < 0.1e0 * width then 1 - 2 * reference_place / width
            else 0e0
        end as reference_atom
        , case
            when chunk_place <= 1e-9 * width + 1e-12 * abs(lower_edge) then 1e0
            when chunk_place < 0.1e0 * width then 1 - 2 * chunk_place / width
            else 0e0
        end as chunk_atom
    from cumulated
)
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , bin
    , lower_edge
    , cast(row_count as bigint) as row_count
    , cast(missing_count as bigint) as missing_count
    , cast(chunk_total as bigint) as chunk_total
    , cast(chunk_before as double) * reference_total / nullif(chunk_total, 0) as rank_before
    , cast(chunk_before + row_count as double) * reference_total / nullif(chunk_total, 0) as rank_after
    , is_infinite
    , quantum
    , distance
    , reference_below
    , sum_below
    , next_below
    , cast(reference_total as bigint) as reference_total
    , case when bin is not null and reference_total > 0 then greatest(
        abs(difference)
        , abs(difference + reference_share - chunk_share)
        , coalesce(abs(difference + share_below_row * reference_share), 0e0)
        , coalesce(abs(difference + share_below_row * reference_share - chunk_share), 0e0)
        , coalesce(abs(difference + reference_atom * reference_share
            - case when is_one_value then reference_atom when least(row_count, reference_count) < 20 and reference_atom = 0 and chunk_atom < 1 then 0e0 else chunk_atom end * chunk_share), 0e0)
    ) end as largest
from shared
