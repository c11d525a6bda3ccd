-- all_results: the results of the monitor's own chunks, and of every comparison that it has besides.
-- inputs:
--   {{ parts }}: steps of results, all with the same columns
-- grain: chunk_length, compared_with, period, chunk, segment_column, segment_value, family, metric, column_name, component
-- output:
--   monitor varchar
--   fit_id varchar
--   period varchar
--   chunk varchar
--   chunk_start timestamp
--   chunk_end timestamp
--   is_partial boolean
--   segment_column varchar
--   segment_value varchar
--   family varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double
--   standard_error double
--   lower_bound double
--   upper_bound double
--   noise_floor double
--   p_value double
--   lower_threshold double
--   upper_threshold double
--   is_alert boolean
--   row_count bigint
--   unused_count bigint
--   note varchar
--   chunk_length varchar
--   compared_with varchar
{% for part in parts %}
{% if not loop.first %}union all{% endif %}
select monitor, fit_id, period, chunk, chunk_start, chunk_end, is_partial, segment_column, segment_value, family, metric, column_name, component, value, standard_error, lower_bound, upper_bound, noise_floor, p_value, lower_threshold, upper_threshold, is_alert, row_count, unused_count, note, chunk_length, compared_with
from {{ part }}
{% endfor %}
