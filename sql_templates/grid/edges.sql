-- edges: the pieces of every numeric column's grid; a piece is cut into equal cells.
-- An even grid is one piece; another has eight, between quantiles of the reference.
-- inputs:
--   {{ reference_columns }}: column_index integer, column_name varchar, row_count bigint, minimum double, maximum double, bin_count bigint, cell_count bigint, is_even boolean, quantile_1 double, quantile_2 double, quantile_3 double, quantile_4 double, quantile_5 double, quantile_6 double, quantile_7 double
-- grain: column_index, piece
-- output:
--   column_index integer
--   column_name varchar
--   piece integer
--   lower_edge double
--   upper_edge double
--   cell_count bigint
select column_index, column_name, 0 as piece, minimum as lower_edge, maximum as upper_edge, cell_count
from {{ reference_columns }}
where is_even
{% for piece in range(8) %}
union all
select
    column_index
    , column_name
    , {{ piece }} as piece
    , {% if piece == 0 %}minimum{% else %}quantile_{{ piece }}{% endif %} as lower_edge
    , {% if piece == 7 %}maximum{% else %}quantile_{{ piece + 1 }}{% endif %} as upper_edge
    , 127 as cell_count
from {{ reference_columns }}
where not is_even
{% endfor %}
