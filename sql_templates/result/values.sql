-- values: every metric's rows under one another.
-- inputs:
--   {{ parts }}: the steps that compute metrics, all with the same columns
-- grain: chunk_number, segment_column, segment_value, family, metric, column_name, component
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   family varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
{% for part in parts %}
{% if not loop.first %}union all{% endif %}
select chunk_number, segment_column, segment_value, family, metric, column_name, component, value, standard_error, noise_floor, p_value, row_count, unused_count, note
from {{ part }}
{% endfor %}
