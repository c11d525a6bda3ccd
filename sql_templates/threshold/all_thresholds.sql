-- all_thresholds: the limits of the monitor's own chunks, and of every comparison that it has besides.
-- inputs:
--   {{ parts }}: steps of limits, all with the same columns
-- grain: chunk_length, compared_with, family, metric, column_name, component, segment_column, segment_value
-- output:
--   family varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   segment_column varchar
--   segment_value varchar
--   kind varchar
--   lower_threshold double
--   upper_threshold double
--   chunk_count bigint
--   chunk_length varchar
--   compared_with varchar
{% for part in parts %}
{% if not loop.first %}union all{% endif %}
select family, metric, column_name, component, segment_column, segment_value, kind, lower_threshold, upper_threshold, chunk_count, chunk_length, compared_with
from {{ part }}
{% endfor %}
