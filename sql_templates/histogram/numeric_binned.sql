-- numeric_binned: the histogram of every numeric column, from the counted parts of cells.
-- bin is the Doane bin: NULL for missing values, -1 below and bin_count above the reference's range.
-- A value is origin + width * place + reach * exp(level + place * ln(2)), place in [0, 1) inside its cell: the
-- second term up to 2^80 units away, negative below the range, the third from there on.
-- Smallest and largest values are rounded to the power of ten, 1 at most, that is next above a step, so
-- whole numbers and short decimals are what they were: to 1e-9 of the range, outside of the distance to it.
-- inputs:
--   {{ numeric_cells }}: chunk_number bigint, segment_column varchar, segment_value varchar, part bigint, row_count bigint, step_sum double, fine_sum double, fine_square_sum double, lowest_step double, highest_step double
--   {{ statistics }}: part_count bigint
--   {{ at_once }}: columns of each table of cells but the last
--   {{ reference_columns }}: column_index integer, column_name varchar, minimum double, maximum double, unit double, bin_count bigint, cell_count bigint, is_even boolean
--   {{ edges }}: column_index integer, piece integer, lower_edge double, upper_edge double, cell_count bigint
-- grain: chunk_number, segment_column, segment_value, column_name, bin, lower_edge
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   bin bigint
--   lower_edge double     -- of the part
--   coarse_edge double    -- of the cell
--   row_count bigint
--   value_sum double
--   square_sum double     -- squared deviations from the cell's mean; NULL where no metric needs them
--   lowest_value double   -- NULL where no metric needs it
--   highest_value double
with counted as (
    {% for cells in numeric_cells %}
    {% if not loop.first %}union all{% endif %}
    select cells.*, part // (262144 * part_count) + {{ loop.index0 * at_once }} as column_index, part // part_count % 262144 as code, part % part_count as inner_part, part_count
    from {{ cells }} as cells
    cross join (select part_count from {{ statistics }}) as statistics
    {% endfor %}
), coded as (
    select
        counted.*
        , inner_part * (16777216e0 / part_count) as first_step
        -- Below the range, values fall where places grow.
        , (inner_part + case when code >= 65536 then 0 else 1 end) / cast(part_count as double) as edge_place
        , case when code >= 65536 then 0e0 else 1e0 end as coarse_place
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
        , case when code >= 65536 then 1 else -1 end as side
        , code < 131072 and code % 65536 >= 61440 as is_far
        , code in (65535, 131071) as is_infinite
        , exp(case when code > 0 and code % 65536 < 61440 then ln(unit) + (code % 65536 - 20480) * (ln(2e0) / 512) end) as distance
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
            when code = 0 then null
            when is_infinite then side * cast('inf' as double)
            when is_far then case when is_above_minimum then maximum else minimum end
            when is_above_minimum then maximum + distance
            else minimum - distance
        end as origin
        , case
            when is_inside and is_even then (maximum - minimum) / coded.cell_count
            when is_inside then coalesce((edges.upper_edge - edges.lower_edge) / 127e0, 0)
            when is_far or code = 0 then 0e0
            else side * distance * (exp(ln(2e0) / 512) - 1)
        end as width
        , case when is_far and not is_infinite then side else 0 end as reach
        , case when is_far and not is_infinite then ln(unit) + (code % 65536 - 61360) * ln(2e0) else 0e0 end as level
    from coded
    left join {{ edges }} as edges
        on coded.column_index = edges.column_index and coded.piece = edges.piece and not coded.is_even
), measured as (
    select
        placed.*
        , (first_step + step_sum / row_count) / 16777216 as mean_place
        , (first_step + case when is_above_minimum then lowest_step else highest_step end) / 16777216 as lowest_place
        , (first_step + case when is_above_minimum then highest_step else lowest_step end) / 16777216 as highest_place
        , case when abs(width) > 1e-280 then power(10e0, greatest(-ceil(ln(abs(width) / 16777216) / ln(10e0)), 0)) end as digits
    from placed
), valued as (
    select
        measured.*
        , origin + width * mean_place + reach * exp(level + mean_place * ln(2e0)) as mean_value
        , origin + width * lowest_place + reach * exp(level + lowest_place * ln(2e0)) as lowest_value
        , origin + width * highest_place + reach * exp(level + highest_place * ln(2e0)) as highest_value
    from measured
)
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , bin
    , case
        when code = 0 then null
        when is_inside and not is_even then greatest(origin + width * edge_place, minimum + bin * ((maximum - minimum) / bin_count))
        else origin + width * edge_place + reach * exp(level + edge_place * ln(2e0))
    end as lower_edge
    , case
        when code = 0 then null
        when is_inside and not is_even then greatest(origin, minimum + bin * ((maximum - minimum) / bin_count))
        else origin + width * coarse_place + reach * exp(level + coarse_place * ln(2e0))
    end as coarse_edge
    , cast(sum(row_count) as bigint) as row_count
    , sum(row_count * mean_value) as value_sum
    , sum((fine_square_sum - fine_sum * fine_sum / row_count) * power((width + reach * ln(2e0) * exp(level + mean_place * ln(2e0))) / 4096, 2)) as square_sum
    , min(case when abs(lowest_value * digits) < 9e15 then floor(lowest_value * digits + 0.5e0) / digits else lowest_value end) as lowest_value
    , max(case when abs(highest_value * digits) < 9e15 then floor(highest_value * digits + 0.5e0) / digits else highest_value end) as highest_value
from valued
group by 1, 2, 3, 4, 5, 6, 7
