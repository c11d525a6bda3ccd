-- outcomes: positives and negatives of every score cell, estimated from calibrated scores and realized from labels;
-- blended: realized where labels are, estimated elsewhere.
-- inputs:
--   {{ applied }}: chunk_number bigint, segment_column varchar, segment_value varchar, predicted_label varchar, actual_label varchar, fold integer, cell double, row_count bigint, position double, isotonic double
--   {{ choice }}: is_calibrated boolean
--   {{ positive }}: the label's positive value
--   {{ partly_labelled }}: chunk_number bigint, segment_column varchar, segment_value varchar; given where outcomes are blended
-- grain: one row per family and row of applied
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   component varchar    -- empty: there is one class to estimate
--   is_predicted_positive boolean
--   cell double
--   position double      -- mean score of its rows, before calibration
--   row_count bigint
--   positives double
--   negatives double
with calibrated as (
    select
        chunk_number
        , segment_column
        , segment_value
        , predicted_label = {{ positive }} as is_predicted_positive
        , actual_label = {{ positive }} as is_positive
        , cell
        , position
        , cast(row_count as double) as rows_in_cell
        , row_count
        , case when is_calibrated then coalesce(isotonic, position) else position end as probability
    from {{ applied }}
    cross join {{ choice }} as choice
)
select
    'estimated' as family
    , chunk_number
    , segment_column
    , segment_value
    , '' as component
    , is_predicted_positive
    , cell
    , position
    , row_count
    , case when cell is not null then rows_in_cell * probability end as positives
    , case when cell is not null then rows_in_cell * (1 - probability) end as negatives
from calibrated
union all
select
    'realized' as family
    , chunk_number
    , segment_column
    , segment_value
    , '' as component
    , is_predicted_positive
    , cell
    , position
    , row_count
    , case when is_positive then rows_in_cell when not is_positive then 0e0 end as positives
    , case when is_positive then 0e0 when not is_positive then rows_in_cell end as negatives
from calibrated
{% if partly_labelled %}
union all
select
    'blended' as family
    , calibrated.chunk_number
    , calibrated.segment_column
    , calibrated.segment_value
    , '' as component
    , calibrated.is_predicted_positive
    , calibrated.cell
    , calibrated.position
    , calibrated.row_count
    , case when is_positive then rows_in_cell when not is_positive then 0e0 when cell is not null then rows_in_cell * probability end as positives
    , case when is_positive then 0e0 when not is_positive then rows_in_cell when cell is not null then rows_in_cell * (1 - probability) end as negatives
from calibrated
inner join {{ partly_labelled }} as chosen
    on calibrated.chunk_number = chosen.chunk_number
    and calibrated.segment_column = chosen.segment_column
    and calibrated.segment_value = chosen.segment_value
-- What a join puts first depends on how many rows both sides have, and sums of doubles on what comes first.
order by family, chunk_number, segment_column, segment_value, component, cell, position, is_predicted_positive, positives, negatives, row_count
{% endif %}
