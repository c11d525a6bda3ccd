-- partly_labelled: the chunks of the analysis of whose rows some have a label and some have none.
-- inputs:
--   {{ counted }}: chunk_number bigint, segment_column varchar, segment_value varchar
--   {{ is_labelled }}, {{ by_label }}: which of its rows are of labelled rows, and which count each row once
-- grain: chunk_number, segment_column, segment_value
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
select chunk_number, segment_column, segment_value
from {{ counted }}
where chunk_number % 2 = 0 and {{ by_label }}
group by chunk_number, segment_column, segment_value
having sum(case when {{ is_labelled }} then 1 else 0 end) between 1 and count(*) - 1
