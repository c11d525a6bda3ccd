-- mean_loss: mean of a loss of the score as it is, over labels or over their calibrated chances.
-- formula: sum over cells of (positives * loss of a positive + negatives * loss of a negative) / n
-- standard error: standard deviation of the rows' losses / sqrt(n), n the rows used; in the metric's unit.
-- A cell's mean score stands for its scores, exact where every distinct score is a cell.
-- inputs:
--   {{ score_cells }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, score double, positives double, negatives double
--   {{ name }}, {{ positive_loss }}, {{ negative_loss }}: the metric, and losses as expressions of score
-- grain: family, chunk_number, segment_column, segment_value, component
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   component varchar
--   value double         -- at least 0
--   standard_error double
--   note varchar         -- why there is no value, where there are rows
with losses as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , component
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
        , component
        , sum(positives + negatives) as n
        , sum(positives * positive_loss + negatives * negative_loss) / sum(positives + negatives) as mean_loss
        , sum(positives * positive_loss * positive_loss + negatives * negative_loss * negative_loss)
        / sum(positives + negatives) as mean_square
    from losses
    group by family, chunk_number, segment_column, segment_value, component
)
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , {{ name }} as metric
    , component
    , mean_loss as value
    , sqrt(greatest(mean_square - mean_loss * mean_loss, 0) / n) as standard_error
    , cast(null as varchar) as note
from summed
