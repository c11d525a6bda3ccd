-- numeric_cells: rows in every part of every cell of every numeric column, in one scan.
-- All columns of a row become one list of positions, so the cost grows with columns and not with cells.
-- position: (column_index * 262144 + code) * 16777216 + step, a whole number that a double holds exactly.
-- code: 0 missing, 1 to 65535 below the reference's range, 65536 to 131071 above it, 131072 + cell inside.
-- step: place inside the cell, in 16777216ths of its width; steps add up without rounding, in any order.
-- The column's part of a position is added last, so that a value is rounded alike wherever its column stands.
-- Rows are counted by position / steps_per_part: a cell has part_count parts, 1 where there are many rows.
-- An even grid's cell is counted from the minimum; an uneven one's is bin * 1024 + fine cell: both only
-- grow with the value, so the pair refines both. Outside, cells are 1/512 of an octave of the distance,
-- and whole octaves from 2^80 units on, to hold every double; infinity has the last cell to itself.
-- An uneven grid has no even_minimum, so its values pass the first branch. What only it and far values
-- need stands in one list for each column: every column of parameters costs 0.01 CPU seconds for 10 million rows.
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, value_0 double
--   {{ parameters }}: part_count double, steps_per_part double, even_minimum_0 double, maximum_0 double, steps_per_unit_0 double, uneven_0 double[]
--   {{ parameters_table }}: the relation of that row, where it is joined
--   {{ columns }}: index of every numeric column, and its place among those of this statement, 127 at most
--   {{ segments }}: index and name of every segment column
--   {{ with_squares }}, {{ with_extremes }}: given where a metric needs them
--   {{ is_packed }}: given where there is one chunk and no segment; to group by one number is a fifth faster
-- grain: chunk_number, segment_column, segment_value, part
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   part bigint         -- (place * 262144 + code) * part_count + part of the cell
--   row_count bigint
--   step_sum double     -- steps from the part's start
--   fine_sum double        -- of whole 4096ths of the step; NULL where no metric needs squares
--   fine_square_sum double -- of their squares; both are whole numbers, so chunks merge without rounding
--   lowest_step double
--   highest_step double
select
    {% if is_packed %}cast(floor(packed / 35184372088832) as bigint) as {% endif %}chunk_number
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , {% if is_packed %}cast(packed - floor(packed / 35184372088832) * 35184372088832 as bigint){% else %}cast(part as bigint){% endif %} as part
    , count(*) as row_count
    , sum(step) as step_sum
    , {% if with_squares %}sum(floor(step / 4096)){% else %}cast(null as double){% endif %} as fine_sum
    , {% if with_squares %}sum(floor(step / 4096) * floor(step / 4096)){% else %}cast(null as double){% endif %} as fine_square_sum
    , {% if with_extremes %}min(step){% else %}cast(null as double){% endif %} as lowest_step
    , {% if with_extremes %}max(step){% else %}cast(null as double){% endif %} as highest_step
from (
    select {% if is_packed %}part + chunk_number * 35184372088832e0 as packed{% else %}chunk_number, part{% endif %}, position - part * {{ parameters }}.steps_per_part as step{% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
    from (
        select chunk_number, position, floor(position * ({{ parameters }}.part_count * 5.9604644775390625e-8)) as part{% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
        from (
            select
                chunk_number
                , unnest([{% for column in columns %}{% if not loop.first %}, {% endif %}position_{{ column.index }}{% endfor %}]) as position
                {% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
            from (
                select
                    chunk_number
                    {% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
                    {% for column in columns %}
                    , case
                        when value_{{ column.index }} between {{ parameters }}.even_minimum_{{ column.index }} and {{ parameters }}.maximum_{{ column.index }}
                            then floor((value_{{ column.index }} - {{ parameters }}.even_minimum_{{ column.index }}) * {{ parameters }}.steps_per_unit_{{ column.index }} + 2199023255552.5e0)
                        when value_{{ column.index }} between {{ parameters }}.uneven_{{ column.index }}[1] and {{ parameters }}.uneven_{{ column.index }}[2] then floor(
                            floor((value_{{ column.index }} - {{ parameters }}.uneven_{{ column.index }}[1]) * {{ parameters }}.uneven_{{ column.index }}[4] + 1e-9) * 17179869184
                            + case
                                {% for piece in range(8) %}
                                {% if piece < 7 %}when value_{{ column.index }} < {{ parameters }}.uneven_{{ column.index }}[{{ 5 + piece }}] then{% else %}else{% endif %}
                                (value_{{ column.index }} - {{ parameters }}.uneven_{{ column.index }}[{% if piece == 0 %}1{% else %}{{ 4 + piece }}{% endif %}]) * {{ parameters }}.uneven_{{ column.index }}[{{ 12 + piece }}] + {{ (131072 + piece * 127) * 16777216 }}.5e0
                                {% endfor %}
                            end)
                        when value_{{ column.index }} is null or isnan(value_{{ column.index }}) then 0e0
                        when value_{{ column.index }} between {{ parameters }}.uneven_{{ column.index }}[20] and {{ parameters }}.uneven_{{ column.index }}[21] then floor(0.5e0 + 16777216 * (case when value_{{ column.index }} > {{ parameters }}.uneven_{{ column.index }}[2] then 65536 else 0 end
                            + floor(greatest((ln(greatest({{ parameters }}.uneven_{{ column.index }}[1] - value_{{ column.index }}, value_{{ column.index }} - {{ parameters }}.uneven_{{ column.index }}[2])) - {{ parameters }}.uneven_{{ column.index }}[3]) * (512 / ln(2e0)) + 20480, 1))
                            + (exp(ln(2e0) / 512 * (greatest((ln(greatest({{ parameters }}.uneven_{{ column.index }}[1] - value_{{ column.index }}, value_{{ column.index }} - {{ parameters }}.uneven_{{ column.index }}[2])) - {{ parameters }}.uneven_{{ column.index }}[3]) * (512 / ln(2e0)) + 20480, 1) - floor(greatest((ln(greatest({{ parameters }}.uneven_{{ column.index }}[1] - value_{{ column.index }}, value_{{ column.index }} - {{ parameters }}.uneven_{{ column.index }}[2])) - {{ parameters }}.uneven_{{ column.index }}[3]) * (512 / ln(2e0)) + 20480, 1)))) - 1) / (exp(ln(2e0) / 512) - 1)))
                        else floor(0.5e0 + 16777216 * (case when value_{{ column.index }} > {{ parameters }}.uneven_{{ column.index }}[2] then 65536 else 0 end
                            + least((ln(greatest({{ parameters }}.uneven_{{ column.index }}[1] - value_{{ column.index }}, value_{{ column.index }} - {{ parameters }}.uneven_{{ column.index }}[2])) - {{ parameters }}.uneven_{{ column.index }}[3]) * (1 / ln(2e0)) + 61360, 65535)))
                    end{% if column.place %} + {{ column.place * 262144 * 16777216 }}e0{% endif %} as position_{{ column.index }}
                    {% endfor %}
                from {{ rows }} as source_rows
                {% if parameters_table %}cross join {{ parameters_table }} as parameters{% endif %}
                where chunk_number >= 0
            ) as placed
        ) as listed
        {% if parameters_table %}cross join {{ parameters_table }} as parameters{% endif %}
    ) as counted
    {% if parameters_table %}cross join {{ parameters_table }} as parameters{% endif %}
) as stepped
group by {% if is_packed %}packed{% else %}grouping sets (
    (chunk_number, part)
    {% for segment in segments %}, (chunk_number, part, segment_{{ segment.index }}){% endfor %}
){% endif %}

order by chunk_number, part, segment_column, segment_value
