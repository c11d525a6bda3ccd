-- numeric_binned: the stored histogram of every numeric column, from the counted cells.
-- bin is the Doane bin: NULL for missing values, -1 below and bin_count above the reference's range.
-- A value is origin + width * place + reach * exp((octave + place) ln(2) / 512), place in [0, 1) inside
-- its cell: the second term inside the range, the third outside it.
-- inputs:
--   {{ numeric_cells }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_index integer, code bigint, row_count bigint, step_sum double, square_sum double, lowest_step double, highest_step double
--   {{ reference_columns }}: column_index integer, column_name varchar, minimum double, maximum double, unit double, bin_count bigint, cell_count bigint, is_even boolean
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
--   square_sum double     -- squared deviations from the cell's mean; NULL where no metric needs them
--   lowest_value double   -- NULL where no metric needs it
--   highest_value double
with counted as (
    {% for part in numeric_cells %}
    {% if not loop.first %}union all{% endif %}
    select * from {{ part }}
    {% endfor %}
), coded as (
    select
        counted.*
        , reference_columns.column_name
        , coalesce(reference_columns.minimum, 0) as minimum
        , coalesce(reference_columns.maximum, 0) as maximum
        , coalesce(reference_columns.unit, 1) as unit
        , reference_columns.bin_count
        , reference_columns.cell_count
        , reference_columns.is_even
        , code >= 131072 as is_inside
        , code >= 65536 as is_above_minimum
        , case when code >= 131072 then code - 131072 end as cell
        , (code - 131072) % 1024 as fine_cell
        -- The maximum ends the last piece; there is none after it.
        , least((code - 131072) % 1024 // 127, 7) as piece
    from counted
    inner join {{ reference_columns }} as reference_columns on counted.column_index = reference_columns.column_index
), placed as (
    select
        coded.*
        , case
            when is_inside and is_even then least(cell // (coded.cell_count // bin_count), bin_count - 1)
            when is_inside then least(cell // 1024, bin_count - 1)
            when is_above_minimum then bin_count
            when code > 0 then -1
        end as bin
        , case
            when is_inside and is_even then minimum + cell * ((maximum - minimum) / coded.cell_count)
            when is_inside then coalesce(edges.lower_edge + (fine_cell - 127 * coded.piece) * ((edges.upper_edge - edges.lower_edge) / 127e0), minimum)
            when is_above_minimum then maximum
            when code > 0 then minimum
        end as origin
        , case
            when is_inside and is_even then (maximum - minimum) / coded.cell_count
            when is_inside then coalesce((edges.upper_edge - edges.lower_edge) / 127e0, 0)
            else 0e0
        end as width
        , case
            when is_inside then 0e0
            when code in (65535, 131071) then cast('inf' as double)
            else unit
        end * case when is_above_minimum then 1 else -1 end as reach
        , case when is_inside then 0 else code % 65536 - 20480 end as octave
    from coded
    left join {{ edges }} as edges
        on coded.column_index = edges.column_index and coded.piece = edges.piece and not coded.is_even
), measured as (
    select
        placed.*
        , step_sum / row_count / 16777216 as mean_place
        , case when is_inside then 0e0 else ln(2e0) / 512 end as growth
    from placed
)
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , bin
    , case
        when code = 0 then null
        when is_inside and not is_even then greatest(origin, minimum + bin * ((maximum - minimum) / bin_count))
        when is_inside then origin
        when is_above_minimum then origin + reach * exp(octave * growth)
        else origin + reach * exp((octave + 1) * growth)
    end as lower_edge
    , cast(sum(row_count) as bigint) as row_count
    , sum(row_count * (origin + width * mean_place + reach * exp((octave + mean_place) * growth))) as value_sum
    , sum(square_sum * power((width + reach * growth * exp((octave + mean_place) * growth)) / 4096, 2)) as square_sum
    , min(origin + width * lowest_step / 16777216 + reach * exp((octave + case when is_above_minimum then lowest_step else highest_step end / 16777216) * growth)) as lowest_value
    , max(origin + width * highest_step / 16777216 + reach * exp((octave + case when is_above_minimum then highest_step else lowest_step end / 16777216) * growth)) as highest_value
from measured
group by 1, 2, 3, 4, 5, 6
