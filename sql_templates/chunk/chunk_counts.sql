-- chunk_counts: rows, first and last time and business figures of every chunk, by itself and by segment.
-- Rows without a time for a chunk, or with one before 1900 or too late for a number that is counted by, have no
-- chunk_number; they are counted here, and no result is of them.
-- inputs:
--   {{ rows }}: chunk_number bigint, row_time timestamp, is_undecided boolean, segment_0 varchar
--   {{ segments }}: index and name of every segment column
--   {{ kpis }}: index, expression and standard error of every figure that the user wrote as an aggregate
--   {{ parts }}: index and expression of what both are made of, which adds up over chunks
--   {{ last_number }}: given where numeric columns are counted up to this chunk_number
-- grain: chunk_number, segment_column, segment_value
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   row_count bigint
--   first_time timestamp
--   last_time timestamp
--   undecided_count bigint -- rows of the analysis for which the reference's condition is NULL
--   kpi_0 double
--   kpi_error_0 double     -- its standard error; NULL where it is not made of sums, counts and means
--   part_0 double
select
    case when chunk_number {% if last_number %}between 0 and {{ last_number }}{% else %}>= 0{% endif %} then chunk_number end as chunk_number
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , count(*) as row_count
    , min(row_time) as first_time
    , max(row_time) as last_time
    , cast(sum(case when is_undecided then 1 else 0 end) as bigint) as undecided_count
    {% for kpi in kpis %}
    , cast({{ kpi.expression }} as double) as kpi_{{ kpi.index }}
    , cast({{ kpi.standard_error }} as double) as kpi_error_{{ kpi.index }}
    {% endfor %}
    {% for part in parts %}
    , {{ part.expression }} as part_{{ part.index }}
    {% endfor %}
from {{ rows }} as source_rows
group by grouping sets (
    (case when chunk_number {% if last_number %}between 0 and {{ last_number }}{% else %}>= 0{% endif %} then chunk_number end)
    {% for segment in segments %}, (case when chunk_number {% if last_number %}between 0 and {{ last_number }}{% else %}>= 0{% endif %} then chunk_number end, segment_{{ segment.index }}){% endfor %}
)
order by chunk_number, segment_column, segment_value
