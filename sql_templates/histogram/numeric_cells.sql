-- numeric_cells: rows in every part of every cell of every numeric column, in one scan.
-- Every row stands beside each column's parameters, so the cost grows with columns and not with cells.
-- position: (place * 262144 + code) * 16777216 + step, a whole number that a double holds exactly.
-- code: 0 missing, 1 to 65535 below the reference's range, 65536 to 131071 above it, 131072 + cell inside.
-- step: place inside the cell, in 16777216ths of its width; steps add up without rounding, in any order.
-- The column's part of a position is added last, so that a value is rounded alike wherever its column stands.
-- Rows are counted by position / steps_per_part: a cell has part_count parts, 1 where there are many rows.
-- An even grid's cell is counted from the minimum; an uneven one's is bin * 1024 + fine cell: both only
-- grow with the value, so the pair refines both. Outside, cells are 1/512 of an octave of the distance,
-- and whole octaves from 2^80 units on, to hold every double; infinity has the last cell to itself.
-- An uneven grid has no even_minimum, so its values pass the first branch. What only it and far values
-- need stands in one list: every column of parameters costs 0.01 CPU seconds for 10 million rows.
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, value_0 double
--   {{ parameters }}: column_index integer, steps_per_part double, parts_per_step double, even_minimum double, maximum double, steps_per_unit double, uneven double[]
--   {{ columns }}: index of every numeric column, and its place among those of this statement, 31 at most
--   {{ segments }}: index and name of every segment column
--   {{ with_squares }}, {{ with_extremes }}: given where a metric needs them
--   {{ last_number }}: given where chunks have numbers up to this one, 1048575 at most, so that chunk and part fit 53 bits
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
    {% if last_number %}cast(floor(packed / 8589934592) as bigint) as {% endif %}chunk_number
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , {% if last_number %}cast(packed - floor(packed / 8589934592) * 8589934592 as bigint){% else %}cast(part as bigint){% endif %} as part
    , count(*) as row_count
    , sum(step) as step_sum
    , {% if with_squares %}sum(floor(step / 4096)){% else %}cast(null as double){% endif %} as fine_sum
    , {% if with_squares %}sum(floor(step / 4096) * floor(step / 4096)){% else %}cast(null as double){% endif %} as fine_square_sum
    , {% if with_extremes %}min(step){% else %}cast(null as double){% endif %} as lowest_step
    , {% if with_extremes %}max(step){% else %}cast(null as double){% endif %} as highest_step
from (
    select {% if last_number %}part + chunk_number * 8589934592e0 as packed{% else %}chunk_number, part{% endif %}, position - part * steps_per_part as step{% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
    from (
        select chunk_number, position, steps_per_part, floor(position * parts_per_step) as part{% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
        from (
            select
                chunk_number
                , steps_per_part
                , parts_per_step
                {% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
                , case
                    when value between even_minimum and maximum then floor((value - even_minimum) * steps_per_unit + 2199023255552.5e0)
                    when value is null or isnan(value) then 0e0
                    when value between uneven[1] and uneven[2] then floor(
                        floor((value - uneven[1]) * uneven[4] + 1e-9) * 17179869184
                        + case
                            {% for piece in range(8) %}
                            {% if piece < 7 %}when value < uneven[{{ 5 + piece }}] then{% else %}else{% endif %}
                            (value - uneven[{% if piece == 0 %}1{% else %}{{ 4 + piece }}{% endif %}]) * uneven[{{ 12 + piece }}] + {{ (131072 + piece * 127) * 16777216 }}.5e0
                            {% endfor %}
                        end)
                    when value between uneven[20] and uneven[21] then floor(0.5e0 + 16777216 * (case when value > uneven[2] then 65536 else 0 end
                        + floor(greatest((ln(greatest(uneven[1] - value, value - uneven[2])) - uneven[3]) * (512 / ln(2e0)) + 20480, 1))
                        + (exp(ln(2e0) / 512 * (greatest((ln(greatest(uneven[1] - value, value - uneven[2])) - uneven[3]) * (512 / ln(2e0)) + 20480, 1) - floor(greatest((ln(greatest(uneven[1] - value, value - uneven[2])) - uneven[3]) * (512 / ln(2e0)) + 20480, 1)))) - 1) / (exp(ln(2e0) / 512) - 1)))
                    else floor(0.5e0 + 16777216 * (case when value > uneven[2] then 65536 else 0 end
                        + least((ln(greatest(uneven[1] - value, value - uneven[2])) - uneven[3]) * (1 / ln(2e0)) + 61360, 65535)))
                end + (column_index - {{ columns[0].index - columns[0].place }}) * 4398046511104e0 as position
            from (
                select
                    source_rows.chunk_number
                    {% for segment in segments %}, source_rows.segment_{{ segment.index }}{% endfor %}
                    , parameters.column_index, parameters.steps_per_part, parameters.parts_per_step
                    , parameters.even_minimum, parameters.maximum, parameters.steps_per_unit, parameters.uneven
                    , case
                        {% for column in columns %}
                        when parameters.column_index = {{ column.index }} then source_rows.value_{{ column.index }}
                        {% endfor %}
                    end as value
                from {{ rows }} as source_rows
                cross join (
                    select *
                    from {{ parameters }}
                    where column_index in ({% for column in columns %}{% if not loop.first %}, {% endif %}{{ column.index }}{% endfor %})
                ) as parameters
                where source_rows.chunk_number {% if last_number %}between 0 and {{ last_number }}{% else %}>= 0{% endif %}
            ) as valued
        ) as placed
    ) as counted
) as stepped
group by {% if segments %}grouping sets (
    ({% if last_number %}packed{% else %}chunk_number, part{% endif %})
    {% for segment in segments %}, ({% if last_number %}packed{% else %}chunk_number, part{% endif %}, segment_{{ segment.index }}){% endfor %}
){% elif last_number %}packed{% else %}chunk_number, part{% endif %}

order by chunk_number, part, segment_column, segment_value
