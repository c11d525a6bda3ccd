-- expressions: the business figures that the user wrote as aggregate expressions, in one scan.
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, and the columns that the expressions name
--   {{ kpis }}: index, name and expression of every figure
--   {{ segments }}: index and name of every segment column
-- grain: chunk_number, segment_column, segment_value
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   row_count bigint
--   kpi_0 double
select
    chunk_number
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , count(*) as row_count
    {% for kpi in kpis %}
    , cast({{ kpi.expression }} as double) as kpi_{{ kpi.index }}
    {% endfor %}
from {{ rows }} as source_rows
where chunk_number is not null
group by grouping sets (
    (chunk_number)
    {% for segment in segments %}, (chunk_number, segment_{{ segment.index }}){% endfor %}
)
