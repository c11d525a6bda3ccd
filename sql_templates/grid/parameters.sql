-- parameters: one row with everything the counting statement needs to find a value's cell.
-- inputs:
--   {{ reference_columns }}: column_index integer, minimum double, maximum double, bin_count bigint, cell_count bigint, is_even boolean
--   {{ edges }}: column_index integer, piece integer, lower_edge double, upper_edge double, cell_count bigint
--   {{ columns }}: index of every numeric column
-- grain: one row
-- output:
--   minimum_0 double
--   maximum_0 double
--   even_minimum_0 double   -- the minimum of an even grid; NULL for an uneven one
--   bins_per_unit_0 double
--   cells_per_unit_0 double
--   lower_0_0 double
--   density_0_0 double
with scaled as (
    select
        column_index
        , minimum
        , maximum
        , is_even
        , coalesce(bin_count / nullif(maximum - minimum, 0), 0) as bins_per_unit
        , coalesce(cell_count / nullif(maximum - minimum, 0), 0) as cells_per_unit
    from {{ reference_columns }}
), scaled_pieces as (
    select
        column_index
        , piece
        , lower_edge
        , coalesce(cell_count / nullif(upper_edge - lower_edge, 0), 0) as cells_per_unit
    from {{ edges }}
), by_column as (
    select
        {% for column in columns %}
        {% if not loop.first %}, {% endif %}max(case when column_index = {{ column.index }} then minimum end) as minimum_{{ column.index }}
        , max(case when column_index = {{ column.index }} then maximum end) as maximum_{{ column.index }}
        , max(case when column_index = {{ column.index }} and is_even then minimum end) as even_minimum_{{ column.index }}
        , max(case when column_index = {{ column.index }} then bins_per_unit end) as bins_per_unit_{{ column.index }}
        , max(case when column_index = {{ column.index }} then cells_per_unit end) as cells_per_unit_{{ column.index }}
        {% endfor %}
    from scaled
), by_piece as (
    select
        {% for column in columns %}
        {% for piece in range(8) %}
        {% if not (loop.first and column.index == 0) %}, {% endif %}max(case when column_index = {{ column.index }} and piece = {{ piece }} then lower_edge end) as lower_{{ column.index }}_{{ piece }}
        , max(case when column_index = {{ column.index }} and piece = {{ piece }} then cells_per_unit end) as density_{{ column.index }}_{{ piece }}
        {% endfor %}
        {% endfor %}
    from scaled_pieces
)
select *
from by_column
cross join by_piece
