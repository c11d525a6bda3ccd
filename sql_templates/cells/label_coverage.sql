-- label_coverage: share of every chunk's rows that have a label, whatever their scores.
-- formula: labelled rows / rows; standard error sqrt(p (1 - p) / n)
-- inputs:
--   {{ counted }}: chunk_number bigint, segment_column varchar, segment_value varchar
--   {{ all_count }}, {{ label_count }}: how many rows of the source one of its rows is, and how many of these have a label
--   {{ by_label }}: the condition for those of its rows that count each row once
-- grain: family, chunk_number, segment_column, segment_value
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double         -- in [0, 1]
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
with summed as (
    select
        chunk_number
        , segment_column
        , segment_value
        , cast(sum({{ all_count }}) as bigint) as row_count
        , cast(sum({{ label_count }}) as double) / sum({{ all_count }}) as coverage
    from {{ counted }}
    where {{ by_label }}
    group by chunk_number, segment_column, segment_value
)
select
    'realized' as family
    , chunk_number
    , segment_column
    , segment_value
    , 'label_coverage' as metric
    , '' as column_name
    , '' as component
    , coverage as value
    , sqrt(coverage * (1 - coverage) / row_count) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , cast(0 as bigint) as unused_count
    , cast(null as varchar) as note
from summed
