-- doane_bins: every column's histogram on the coarse bins that distances read: Doane's, or levels.
-- bin -1 holds everything outside the reference's range or levels; NULL holds missing values.
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, row_count bigint
--   {{ categorical }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, row_count bigint
--   {{ reference_columns }}: column_name varchar, bin_count bigint
-- grain: chunk_number, segment_column, segment_value, column_name, bin
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   is_numeric boolean
--   bin bigint
--   row_count bigint
{% if numeric %}
select
    numeric_histogram.chunk_number
    , numeric_histogram.segment_column
    , numeric_histogram.segment_value
    , numeric_histogram.column_name
    , true as is_numeric
    , case when numeric_histogram.bin >= reference_columns.bin_count then -1 else numeric_histogram.bin end as bin
    , cast(sum(numeric_histogram.row_count) as bigint) as row_count
from {{ numeric }} as numeric_histogram
inner join {{ reference_columns }} as reference_columns
    on numeric_histogram.column_name = reference_columns.column_name
group by 1, 2, 3, 4, 5, 6
{% endif %}
{% if numeric and categorical %}union all{% endif %}
{% if categorical %}
select chunk_number, segment_column, segment_value, column_name, false as is_numeric, bin, row_count
from {{ categorical }}
{% endif %}
order by chunk_number, segment_column, segment_value, column_name, bin
