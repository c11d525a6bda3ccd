-- partly_labelled: the chunks of the analysis of whose rows some have a label and some have none.
-- Those of the reference are left out, whatever they are merged to: it is what estimates are fitted on.
-- inputs:
--   {{ counted }}: chunk_number bigint, segment_column varchar, segment_value varchar
--   {{ all_count }}, {{ label_count }}: how many rows of the source one of its rows is, and how many of these have a label
--   {{ of_analysis }}: the condition for chunks of the analysis
--   {{ by_label }}: the condition for those of its rows that count each row once
-- grain: chunk_number, segment_column, segment_value
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
select chunk_number, segment_column, segment_value
from {{ counted }}
where {{ of_analysis }} and {{ by_label }}
group by chunk_number, segment_column, segment_value
having sum({{ label_count }}) between 1 and sum({{ all_count }}) - 1
