-- numeric_binned: the stored histogram of every numeric column, from the counted cells.
-- bin is the Doane bin: NULL for missing values, -1 below and bin_count above the reference's range.
-- inputs:
--   {{ numeric_cells }}: key bigint, segment_column varchar, segment_value varchar, row_count bigint, value_sum double
--   {{ reference_columns }}: column_index integer, column_name varchar, minimum double, maximum double, bin_count bigint, cell_count bigint, is_even boolean
--   {{ edges }}: column_index integer, piece integer, lower_edge double, upper_edge double, cell_count bigint
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
with decoded as (
    select
        key // 4294967296 as chunk_number
        , segment_column
        , segment_value
        , (key // 4194304) % 1024 as column_index
        , key % 4194304 as code
        , row_count
        , value_sum
    from {{ numeric_cells }}
), placed as (
    select
        decoded.chunk_number
        , decoded.segment_column
        , decoded.segment_value
        , decoded.row_count
        , decoded.value_sum
        , decoded.code
        , reference_columns.column_index
        , reference_columns.column_name
        , reference_columns.minimum
        , reference_columns.maximum
        , reference_columns.bin_count
        , reference_columns.cell_count
        , reference_columns.is_even
        , case
            when code < 3 then null
            when is_even then least((code - 3) // (cell_count // bin_count), bin_count - 1)
            else least((code - 3) // 2048, bin_count - 1)
        end as bin
        , (code - 3) % 2048 as fine_cell
    from decoded
    inner join {{ reference_columns }} as reference_columns
        on decoded.column_index = reference_columns.column_index
)
select
    placed.chunk_number
    , placed.segment_column
    , placed.segment_value
    , placed.column_name
    , case code when 1 then -1 when 2 then bin_count else bin end as bin
    , case
        when code = 0 then null
        when code = 1 then minimum
        when code = 2 then maximum
        when is_even then minimum + (code - 3) * ((maximum - minimum) / placed.cell_count)
        when fine_cell >= 1024 then maximum
        else greatest(
            minimum + bin * ((maximum - minimum) / bin_count)
            , edges.lower_edge + (fine_cell % 128) * ((edges.upper_edge - edges.lower_edge) / 128e0)
        )
    end as lower_edge
    , cast(sum(placed.row_count) as bigint) as row_count
    , case when code > 0 then sum(placed.value_sum) end as value_sum
from placed
left join {{ edges }} as edges
    on placed.column_index = edges.column_index
    and edges.piece = case when placed.is_even then 0 else placed.fine_cell // 128 end
group by 1, 2, 3, 4, 5, 6, code
