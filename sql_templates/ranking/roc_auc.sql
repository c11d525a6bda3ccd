-- roc_auc: area under the receiver operating characteristic curve; ties count one half.
-- formula: sum over cells of negatives * (positives above + positives / 2) / (positives * negatives)
-- standard error: both placement variances, DeLong et al. 1988
-- inputs:
--   {{ score_cells }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, cell double, positives double, negatives double, positives_above double, negatives_above double, positive_total double, negative_total double
--   {{ usage }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, row_count bigint, unused_count bigint
-- grain: family, chunk_number, segment_column, segment_value, component
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double         -- in [0, 1]; NULL where one class only
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
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
    usage.family
    , usage.chunk_number
    , usage.segment_column
    , usage.segment_value
    , 'roc_auc' as metric
    , '' as column_name
    , usage.component
    , case when areas.positive_total > 0 and areas.negative_total > 0 then areas.area end as value
    , case when areas.positive_total > 0 and areas.negative_total > 0 then sqrt(
        greatest(areas.positive_square - areas.area * areas.area, 0) / greatest(areas.positive_total - 1, 1)
        + greatest(areas.negative_square - areas.area * areas.area, 0) / greatest(areas.negative_total - 1, 1)
    ) end as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , usage.row_count
    , usage.unused_count
    , case
        when usage.row_count = 0 and usage.family = 'realized' then 'no row with a label and a score'
        when usage.row_count = 0 then 'no row with a score'
        when not (areas.positive_total > 0 and areas.negative_total > 0) then 'one class only'
    end as note
from {{ usage }} as usage
left join areas
    on usage.family = areas.family
    and usage.chunk_number = areas.chunk_number
    and usage.segment_column = areas.segment_column
    and usage.segment_value = areas.segment_value
    and usage.component = areas.component
