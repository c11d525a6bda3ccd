-- chunk_counts: rows, first and last time and business figures of merged chunks.
-- A figure is computed from what its aggregates add up to; one whose aggregates do not add up has no value.
-- inputs:
--   {{ chunk_counts }}: chunk_number bigint, segment_column varchar, segment_value varchar, row_count bigint, first_time timestamp, last_time timestamp, undecided_count bigint, kpi_0 double, part_0 double
--   {{ members }}: chunk_number bigint, merged_number bigint, pair varchar
--   {{ kpis }}: index of every figure, and its merged expression over parts
-- grain: chunk_number, segment_column, segment_value
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   row_count bigint
--   first_time timestamp
--   last_time timestamp
--   undecided_count bigint
--   kpi_0 double
select
    members.merged_number as chunk_number
    , counts.segment_column
    , members.pair || counts.segment_value as segment_value
    , cast(sum(counts.row_count) as bigint) as row_count
    , min(counts.first_time) as first_time
    , max(counts.last_time) as last_time
    , cast(sum(counts.undecided_count) as bigint) as undecided_count
    {% for kpi in kpis %}
    , cast({% if kpi.merged %}{{ kpi.merged }}{% else %}null{% endif %} as double) as kpi_{{ kpi.index }}
    {% endfor %}
from {{ chunk_counts }} as counts
inner join {{ members }} as members on counts.chunk_number = members.chunk_number
group by 1, 2, 3
order by chunk_number, segment_column, segment_value
