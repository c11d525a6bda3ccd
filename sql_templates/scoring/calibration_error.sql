-- calibration_error: how far scores are from the share of positives, in ten bins of equal count.
-- formula: sum over bins of |sum(score) - positives| / n; rows of one score cell share the bin of their middle.
-- Estimated, or blended: positives are calibrated chances, so it is what calibration moved; NULL where scores are kept.
-- No standard error: the absolute values fold, and near 0 neither delta method nor bootstrap is right.
-- source: Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian binning"
-- inputs:
--   {{ score_cells }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, cell double, score double, row_count bigint, positives double
--   {{ choice }}: class_number integer, is_calibrated boolean
--   {{ class_number }}: the class of a component
-- grain: family, chunk_number, segment_column, segment_value, component
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   component varchar
--   value double         -- in [0, 1]; NULL where estimated from scores that are not calibrated
--   standard_error double
--   note varchar         -- why there is no value, where there are rows
with binned as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , component
        , score * row_count as score_sum
        , positives
        , row_count
        , floor((
            10e0 * sum(row_count) over (partition by family, chunk_number, segment_column, segment_value, component order by cell rows between unbounded preceding and current row)
            - 5e0 * row_count
        ) / sum(row_count) over (partition by family, chunk_number, segment_column, segment_value, component)) as bin
    from {{ score_cells }}
), bin_errors as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , component
        , bin
        , abs(sum(score_sum) - sum(positives)) as error
        , sum(row_count) as row_count
    from binned
    group by family, chunk_number, segment_column, segment_value, component, bin
), summed as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , component
        , sum(error) / sum(row_count) as error
    from bin_errors
    group by family, chunk_number, segment_column, segment_value, component
)
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , 'calibration_error' as metric
    , component
    , case when family = 'realized' or choice.is_calibrated then error end as value
    , cast(null as double) as standard_error
    , case
        when family <> 'realized' and not choice.is_calibrated then 'scores are taken as they are: nothing to compare with'
    end as note
from summed
inner join {{ choice }} as choice on {{ class_number }} = choice.class_number
