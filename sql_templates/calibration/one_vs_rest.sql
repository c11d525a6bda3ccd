-- one_vs_rest: positives and negatives of every class against all others, estimated and realized;
-- blended: realized where labels are, estimated elsewhere.
-- inputs:
--   {{ class_outcomes }}: chunk_number bigint, segment_column varchar, segment_value varchar, class_number integer, is_positive boolean, is_by_cell boolean, predicted_class integer, is_scored boolean, cell double, row_count bigint, chance_sum double, position double
--   {{ class_name }}: the class's name, by its number
--   {{ which }}: the rows by cell, or those by prediction
--   {{ partly_labelled }}: chunk_number bigint, segment_column varchar, segment_value varchar; given where outcomes are blended
-- grain: one row per family and row of class_outcomes
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   component varchar    -- the class
--   is_predicted_positive boolean
--   cell double
--   position double      -- mean score of its rows, before calibration
--   row_count bigint
--   positives double
--   negatives double
with named as (
    select
        *
        , {{ class_name }} as component
        , predicted_class = class_number as is_predicted_positive
        , cast(row_count as double) as rows_in_cell
    from {{ class_outcomes }}
    where {{ which }}
)
select
    'estimated' as family
    , chunk_number
    , segment_column
    , segment_value
    , component
    , is_predicted_positive
    , cell
    , position
    , row_count
    , case when is_scored then chance_sum end as positives
    , case when is_scored then rows_in_cell - chance_sum end as negatives
from named
union all
select
    'realized' as family
    , chunk_number
    , segment_column
    , segment_value
    , component
    , is_predicted_positive
    , cell
    , position
    , row_count
    , case when is_positive then rows_in_cell when not is_positive then 0e0 end as positives
    , case when is_positive then 0e0 when not is_positive then rows_in_cell end as negatives
from named
{% if partly_labelled %}
union all
select
    'blended' as family
    , named.chunk_number
    , named.segment_column
    , named.segment_value
    , named.component
    , named.is_predicted_positive
    , named.cell
    , named.position
    , named.row_count
    , case when is_positive then rows_in_cell when not is_positive then 0e0 when is_scored then chance_sum end as positives
    , case when is_positive then 0e0 when not is_positive then rows_in_cell when is_scored then rows_in_cell - chance_sum end as negatives
from named
inner join {{ partly_labelled }} as chosen
    on named.chunk_number = chosen.chunk_number
    and named.segment_column = chosen.segment_column
    and named.segment_value = chosen.segment_value
-- What a join puts first depends on how many rows both sides have, and sums of doubles on what comes first.
order by family, chunk_number, segment_column, segment_value, component, cell, position, is_predicted_positive, positives, negatives, row_count
{% endif %}
