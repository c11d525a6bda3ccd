-- mean_loss: mean of a loss of the score as it is, over labels or over their calibrated chances.
-- formula: sum over cells of (positives * loss of a positive + negatives * loss of a negative) / n
-- standard error: standard deviation of the rows' losses / sqrt(n), n the rows used; in the metric's unit.
-- A cell's mean score stands for its scores, exact where every distinct score is a cell.
-- inputs:
--   {{ score_cells }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, score double, positives double, negatives double
--   {{ usage }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, row_count bigint, unused_count bigint
--   {{ name }}, {{ positive_loss }}, {{ negative_loss }}: the metric, and losses as expressions of score
-- grain: family, chunk_number, segment_column, segment_value
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double         -- at least 0; NULL without rows
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
with losses as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , positives
        , negatives
        , {{ positive_loss }} as positive_loss
        , {{ negative_loss }} as negative_loss
    from {{ score_cells }}
), summed as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , sum(positives + negatives) as n
        , sum(positives * positive_loss + negatives * negative_loss) / sum(positives + negatives) as mean_loss
        , sum(positives * positive_loss * positive_loss + negatives * negative_loss * negative_loss)
        / sum(positives + negatives) as mean_square
    from losses
    group by family, chunk_number, segment_column, segment_value
)
select
    usage.family
    , usage.chunk_number
    , usage.segment_column
    , usage.segment_value
    , {{ name }} as metric
    , '' as column_name
    , '' as component
    , summed.mean_loss as value
    , sqrt(greatest(summed.mean_square - summed.mean_loss * summed.mean_loss, 0) / summed.n) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , usage.row_count
    , usage.unused_count
    , case
        when usage.row_count = 0 and usage.family = 'realized' then 'no row with a label and a score'
        when usage.row_count = 0 then 'no row with a score'
    end as note
from {{ usage }} as usage
left join summed
    on usage.family = summed.family
    and usage.chunk_number = summed.chunk_number
    and usage.segment_column = summed.segment_column
    and usage.segment_value = summed.segment_value
