-- choice: whether calibration lowers the expected calibration error of the reference, out of fold.
-- formula: sum over ten bins of equal count of |sum(score) - positives| / n, each score in its own order
-- source: Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian binning"
-- inputs:
--   {{ applied }}: chunk_number bigint, segment_column varchar, actual_label varchar, cell double, row_count bigint, position double, isotonic double
--   {{ positive }}: the label's positive value
--   {{ forced }}: given where the user decided
-- grain: one row
-- output:
--   error_before double
--   error_after double
--   is_calibrated boolean
with labelled as (
    select
        position
        , isotonic
        , cast(row_count as double) as row_count
        , case when actual_label = {{ positive }} then cast(row_count as double) else 0e0 end as positive_count
    from {{ applied }}
    where chunk_number % 2 = 1 and segment_column = '' and cell is not null
        and actual_label is not null and isotonic is not null
), candidates as (
    select 0 as is_after, position as score, row_count, positive_count from labelled
    union all
    select 1 as is_after, isotonic as score, row_count, positive_count from labelled
), ordered as (
    select is_after, score, sum(row_count) as row_count, sum(positive_count) as positive_count
    from candidates
    group by is_after, score
), binned as (
    select
        is_after
        , score * row_count as score_sum
        , row_count
        , positive_count
        , floor(10 * (
            sum(row_count) over (partition by is_after order by score rows between unbounded preceding and current row)
            - row_count / 2
        ) / sum(row_count) over (partition by is_after)) as bin
    from ordered
), bin_errors as (
    select is_after, bin, abs(sum(score_sum) - sum(positive_count)) as error, sum(row_count) as row_count
    from binned
    group by is_after, bin
), errors as (
    select
        sum(case when is_after = 0 then error end) / sum(case when is_after = 0 then row_count end) as error_before
        , sum(case when is_after = 1 then error end) / sum(case when is_after = 1 then row_count end) as error_after
    from bin_errors
)
select
    error_before
    , error_after
    , {% if forced %}{{ forced }}{% else %}coalesce(error_after < error_before, false){% endif %} as is_calibrated
from errors
