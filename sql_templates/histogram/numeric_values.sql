-- numeric_values: rows of every distinct value of every numeric column, in one scan.
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, value_0 double
--   {{ columns }}: index of every numeric column
--   {{ segments }}: index and name of every segment column
-- grain: chunk_number, segment_column, segment_value, column_index, value
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_index integer
--   value double
--   row_count bigint
select
    chunk_number
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , column_index
    , value
    , count(*) as row_count
from (
    select
        chunk_number
        , column_index
        , case when not isnan(value) then value end as value
        {% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
    from (
        select
            source_rows.chunk_number
            , numbered.column_index
            , case
                {% for column in columns %}
                when numbered.column_index = {{ column.index }} then source_rows.value_{{ column.index }}
                {% endfor %}
            end as value
            {% for segment in segments %}, source_rows.segment_{{ segment.index }}{% endfor %}
        from {{ rows }} as source_rows
        cross join (
            {% for column in columns %}
            {% if not loop.first %}union all{% endif %}
            select {{ column.index }} as column_index
            {% endfor %}
        ) as numbered
        where source_rows.chunk_number >= 0
    ) as listed
) as cleaned
group by grouping sets (
    (chunk_number, column_index, value)
    {% for segment in segments %}, (chunk_number, column_index, value, segment_{{ segment.index }}){% endfor %}
)
order by chunk_number, column_index, value, segment_column, segment_value
