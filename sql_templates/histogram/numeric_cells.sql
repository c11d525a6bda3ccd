-- numeric_cells: rows and sum of values in every cell of every numeric column, in one scan.
-- All columns of a row become one list of keys, so the cost grows with columns and not with cells.
-- key: chunk_number * 4294967296 + column_index * 4194304 + code; code 0 missing, 1 below the
-- reference's range, 2 above it, 3 + cell inside. An uneven grid's cell is bin * 2048 + fine cell:
-- both only grow with the value, so the pair refines both.
-- An uneven grid has no even_minimum, so its values pass the first branch: a switch by a flag in the
-- parameters costs 0.08 CPU seconds for each column and 10 million rows, this comparison nothing.
-- 1e-9 keeps a value that stands on an edge, as whole numbers do, from falling below it by rounding.
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, value_0 double
--   {{ parameters }}: minimum_0 double, maximum_0 double, even_minimum_0 double, bins_per_unit_0 double, cells_per_unit_0 double, lower_0_0 double, density_0_0 double
--   {{ columns }}: index of every numeric column
--   {{ segments }}: index and name of every segment column
-- grain: key, segment_column, segment_value
-- output:
--   key bigint
--   segment_column varchar
--   segment_value varchar
--   row_count bigint
--   value_sum double
select
    key
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , count(*) as row_count
    , sum(value) as value_sum
from (
    select
        unnest([{% for column in columns %}{% if not loop.first %}, {% endif %}key_{{ column.index }}{% endfor %}]) as key
        , unnest([{% for column in columns %}{% if not loop.first %}, {% endif %}value_{{ column.index }}{% endfor %}]) as value
        {% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
    from (
        select
            {% for column in columns %}
            {% if not loop.first %}, {% endif %}chunk_number * 4294967296 + {{ column.index * 4194304 }} + case
                when value_{{ column.index }} >= even_minimum_{{ column.index }} and value_{{ column.index }} <= maximum_{{ column.index }}
                    then 3 + cast(floor((value_{{ column.index }} - minimum_{{ column.index }}) * cells_per_unit_{{ column.index }} + 1e-9) as bigint)
                when value_{{ column.index }} >= minimum_{{ column.index }} and value_{{ column.index }} <= maximum_{{ column.index }}
                    then 3
                    + 2048 * cast(floor((value_{{ column.index }} - minimum_{{ column.index }}) * bins_per_unit_{{ column.index }} + 1e-9) as bigint)
                    + case
                        {% for piece in range(8) %}
                        {% if piece < 7 %}when value_{{ column.index }} < lower_{{ column.index }}_{{ piece + 1 }} then{% else %}else{% endif %}
                        {{ piece * 128 }} + cast(least(floor((value_{{ column.index }} - lower_{{ column.index }}_{{ piece }}) * density_{{ column.index }}_{{ piece }} + 1e-9), 128) as bigint)
                        {% endfor %}
                    end
                when value_{{ column.index }} < minimum_{{ column.index }} then 1
                when value_{{ column.index }} is null or isnan(value_{{ column.index }}) then 0
                else 2
            end as key_{{ column.index }}
            , value_{{ column.index }}
            {% endfor %}
            {% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
        from {{ rows }} as source_rows
        cross join {{ parameters }} as parameters
        where chunk_number is not null
    ) as keyed
) as listed
group by grouping sets (
    (key)
    {% for segment in segments %}, (key, segment_{{ segment.index }}){% endfor %}
)
