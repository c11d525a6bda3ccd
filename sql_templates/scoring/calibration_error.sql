-- calibration_error: how far scores are from the share of positives, in ten bins of equal count.
-- formula: sum over bins of |sum(score) - positives| / n; rows of one score cell share the bin of their middle.
-- Estimated: positives are calibrated chances, so it is what calibration moved; NULL where scores are kept.
-- No standard error: the absolute values fold, and near 0 neither delta method nor bootstrap is right.
-- source: Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian binning"
-- inputs:
--   {{ score_cells }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, cell double, score double, row_count bigint, positives double
--   {{ choice }}: is_calibrated boolean
--   {{ usage }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, row_count bigint, unused_count bigint
-- grain: family, chunk_number, segment_column, segment_value
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double         -- in [0, 1]; NULL without rows, and estimated where scores are not calibrated
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
with binned as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , score * row_count as score_sum
        , positives
        , row_count
        , floor((
            10e0 * sum(row_count) over (partition by family, chunk_number, segment_column, segment_value order by cell rows between unbounded preceding and current row)
            - 5e0 * row_count
        ) / sum(row_count) over (partition by family, chunk_number, segment_column, segment_value)) as bin
    from {{ score_cells }}
), bin_errors as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , bin
        , abs(sum(score_sum) - sum(positives)) as error
        , sum(row_count) as row_count
    from binned
    group by family, chunk_number, segment_column, segment_value, bin
), summed as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , sum(error) / sum(row_count) as calibration_error
    from bin_errors
    group by family, chunk_number, segment_column, segment_value
)
select
    usage.family
    , usage.chunk_number
    , usage.segment_column
    , usage.segment_value
    , 'calibration_error' as metric
    , '' as column_name
    , '' as component
    , case when usage.family = 'realized' or choice.is_calibrated then summed.calibration_error end as value
    , cast(null as double) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , usage.row_count
    , usage.unused_count
    , case
        when usage.row_count = 0 and usage.family = 'realized' then 'no row with a label and a score'
        when usage.row_count = 0 then 'no row with a score'
        when usage.family = 'estimated' and not choice.is_calibrated then 'scores are taken as they are: nothing to compare with'
    end as note
from {{ usage }} as usage
cross join {{ choice }} as choice
left join summed
    on usage.family = summed.family
    and usage.chunk_number = summed.chunk_number
    and usage.segment_column = summed.segment_column
    and usage.segment_value = summed.segment_value
