-- all_category_counts: the levels' counts of several statements as one table.
-- inputs:
--   {{ category_counts }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_index integer, level varchar, row_count bigint
-- grain: chunk_number, segment_column, segment_value, column_index, level
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_index integer
--   level varchar
--   row_count bigint
{% for counts in category_counts %}
{% if not loop.first %}union all{% endif %}
select chunk_number, segment_column, segment_value, column_index, level, row_count
from {{ counts }}
{% endfor %}
