-- shares: a share of every chunk's rows for each column, from the stored histograms.
-- missing: NULL or NaN; unseen: a level that the reference lacks; out_of_range: outside the reference's minimum and maximum.
-- formula: count / rows; in [0, 1]; standard error sqrt(p (1 - p) / n)
-- inputs:
--   {{ bins }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, is_numeric boolean, bin bigint, row_count bigint, reference_count bigint, chunk_total bigint, reference_total bigint, missing_count bigint
--   {{ name }}, {{ count }}: the metric and its count of rows, an aggregate over bins
--   {{ condition }}: which columns it is for, where not for all
-- grain: chunk_number, segment_column, segment_value, column_name, metric
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
with sized as (
    select column_name, max(reference_total) as reference_size
    from {{ bins }}
    group by column_name
), counted as (
    select
        chunk_number
        , segment_column
        , segment_value
        , bins.column_name
        , cast(max(chunk_total) + max(missing_count) as double) as n
        , cast(max(chunk_total) + max(missing_count) as bigint) as row_count
        , cast({{ count }} as double) as hits
    from {{ bins }} as bins
    inner join sized on bins.column_name = sized.column_name
    {% if condition %}where {{ condition }}{% endif %}
    group by chunk_number, segment_column, segment_value, bins.column_name
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'quality' as family
    , {{ name }} as metric
    , column_name
    , '' as component
    , hits / n as value
    , sqrt(hits / n * (1 - hits / n) / n) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , cast(0 as bigint) as unused_count
    , case when hits is null then 'the reference has no values' end as note
from counted
