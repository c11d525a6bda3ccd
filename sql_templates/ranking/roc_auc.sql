-- roc_auc: area under the receiver operating characteristic curve; ties count one half.
-- formula: sum over cells of negatives * (positives above + positives / 2) / (positives * negatives)
-- standard error: both placement variances, DeLong et al. 1988
-- inputs:
--   {{ score_cells }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, cell double, positives double, negatives double, positives_above double, negatives_above double, positive_total double, negative_total double
-- grain: family, chunk_number, segment_column, segment_value, component
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   component varchar
--   value double         -- in [0, 1]; NULL where one class only
--   standard_error double
--   note varchar         -- why there is no value, where there are rows
with placements as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , component
        , positives
        , negatives
        , positive_total
        , negative_total
        , (positives_above + positives / 2) / nullif(positive_total, 0) as negative_placement
        , (negative_total - negatives_above - negatives / 2) / nullif(negative_total, 0) as positive_placement
    from {{ score_cells }}
), areas as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , component
        , max(positive_total) as positive_total
        , max(negative_total) as negative_total
        , sum(negatives * negative_placement) / nullif(max(negative_total), 0) as area
        , sum(negatives * negative_placement * negative_placement) / nullif(max(negative_total), 0) as negative_square
        , sum(positives * positive_placement * positive_placement) / nullif(max(positive_total), 0) as positive_square
    from placements
    group by family, chunk_number, segment_column, segment_value, component
)
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , 'roc_auc' as metric
    , component
    , case when positive_total > 0 and negative_total > 0 then area end as value
    , case when positive_total > 0 and negative_total > 0 then sqrt(
        greatest(positive_square - area * area, 0) / greatest(positive_total - 1, 1)
        + greatest(negative_square - area * area, 0) / greatest(negative_total - 1, 1)
    ) end as standard_error
    , case when positive_total > 0 and negative_total > 0 then null else 'one class only' end as note
from areas
