-- parameters: what the counting statement needs to find a value's cell, a row for each column.
-- inputs:
--   {{ reference_columns }}: column_index integer, minimum double, maximum double, unit double, bin_count bigint, cell_count bigint, is_even boolean
--   {{ edges }}: column_index integer, piece integer, lower_edge double, upper_edge double, cell_count bigint
--   {{ statistics }}: part_count bigint
-- grain: column_index
-- output:
--   column_index integer
--   part_count bigint        -- parts of a cell, a power of 2
--   steps_per_part double
--   parts_per_step double
--   even_minimum double      -- the minimum of an even grid; NULL for an uneven one
--   maximum double
--   steps_per_unit double    -- 16777216 steps a cell
--   uneven double[]          -- minimum, maximum, ln(unit), bins per unit; lower edges of pieces 1 to 7; steps per unit of pieces 0 to 7; 2^80 units below and above
with scaled as (
    select
        column_index
        -- 0 where the reference has no values: it would be in no branch otherwise.
        , case when is_even then coalesce(minimum, 0) end as even_minimum
        , coalesce(minimum, 0) as minimum
        , coalesce(maximum, 0) as maximum
        , coalesce(unit, 1) as unit
        , coalesce(bin_count / nullif(maximum - minimum, 0), 0) as bins_per_unit
        , case when maximum - minimum > 1e-200 then cell_count / (maximum - minimum) * 16777216 else 0e0 end as steps_per_unit
    from {{ reference_columns }}
), pieces as (
    select
        column_index
        {% for piece in range(1, 8) %}
        , max(case when piece = {{ piece }} then lower_edge end) as lower_{{ piece }}
        {% endfor %}
        {% for piece in range(8) %}
        , max(case when piece = {{ piece }} then coalesce(cell_count / nullif(upper_edge - lower_edge, 0), 0) * 16777216 end) as slope_{{ piece }}
        {% endfor %}
    from {{ edges }}
    group by column_index
)
select
    scaled.column_index
    , statistics.part_count
    , 16777216e0 / statistics.part_count as steps_per_part
    , statistics.part_count / 16777216e0 as parts_per_step
    , scaled.even_minimum
    , scaled.maximum
    , scaled.steps_per_unit
    , [
        scaled.minimum, scaled.maximum, ln(scaled.unit), scaled.bins_per_unit
        {% for piece in range(1, 8) %}, pieces.lower_{{ piece }}{% endfor %}
        {% for piece in range(8) %}, pieces.slope_{{ piece }}{% endfor %}
        , scaled.minimum - scaled.unit * 1208925819614629174706176e0, scaled.maximum + scaled.unit * 1208925819614629174706176e0
    ] as uneven
from scaled
left join pieces on scaled.column_index = pieces.column_index
cross join {{ statistics }} as statistics
