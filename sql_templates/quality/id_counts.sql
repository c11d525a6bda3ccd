-- id_counts: rows with an id, and how many ids they have, by chunk and segment; a scan of its own.
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, row_id varchar
--   {{ segments }}: index and name of every segment column
-- grain: chunk_number, segment_column, segment_value
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   row_count bigint
--   distinct_count bigint
--   missing_count bigint
select
    chunk_number
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , count(row_id) as row_count
    , count(distinct row_id) as distinct_count
    , count(*) - count(row_id) as missing_count
from {{ rows }} as source_rows
where chunk_number >= 0
group by grouping sets (
    (chunk_number)
    {% for segment in segments %}, (chunk_number, segment_{{ segment.index }}){% endfor %}
)
