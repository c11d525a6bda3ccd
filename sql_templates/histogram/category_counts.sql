-- category_counts: rows of every level of every categorical column, in one scan.
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, level_0 varchar
--   {{ columns }}: index of every categorical column
--   {{ segments }}: index and name of every segment column
-- grain: chunk_number, segment_column, segment_value, column_index, level
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_index integer
--   level varchar
--   row_count bigint
select
    chunk_number
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , case {% for column in columns %}when grouping(level_{{ column.index }}) = 0 then {{ column.index }} {% endfor %}end as column_index
    , case {% for column in columns %}when grouping(level_{{ column.index }}) = 0 then level_{{ column.index }} {% endfor %}end as level
    , count(*) as row_count
from {{ rows }} as source_rows
where chunk_number >= 0
group by grouping sets (
    {% for column in columns %}
    {% if not loop.first %}, {% endif %}(chunk_number, level_{{ column.index }})
    {% for segment in segments %}, (chunk_number, level_{{ column.index }}, segment_{{ segment.index }}){% endfor %}
    {% endfor %}
)
order by chunk_number, column_index, level, segment_column, segment_value
