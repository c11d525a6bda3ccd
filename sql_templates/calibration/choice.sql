-- choice: whether calibration lowers the expected calibration error of the reference, out of fold.
-- A class without a positive, or without a negative, keeps its scores: there is nothing to learn from.
-- formula: sum over ten bins of equal count of |sum(score) - positives| / n, each score in its own order
-- source: Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian binning"
-- inputs:
--   {{ applied }}: cell double, row_count bigint, position double, isotonic double
--   {{ is_labelled }}, {{ is_positive }}: conditions on its rows
--   {{ class_number }}: the class of its rows
--   {{ classes }}: the numbers of all classes; 0 alone where one is calibrated
--   {{ forced }}: given where the user decided
-- grain: class_number
-- output:
--   class_number integer
--   error_before double
--   error_after double
--   is_calibrated boolean
with classes as (
    {% for number in classes %}
    {% if not loop.first %}union all{% endif %}
    select {{ number }} as class_number
    {% endfor %}
), labelled as (
    select
        {{ class_number }} as class_number
        , position
        , isotonic
        , cast(row_count as double) as row_count
        , case when {{ is_positive }} then cast(row_count as double) else 0e0 end as positive_count
    from {{ applied }}
    where {{ is_labelled }} and cell is not null and isotonic is not null
), candidates as (
    select class_number, 0 as is_after, position as score, row_count, positive_count from labelled
    union all
    select class_number, 1 as is_after, isotonic as score, row_count, positive_count from labelled
), ordered as (
    select class_number, is_after, score, sum(row_count) as row_count, sum(positive_count) as positive_count
    from candidates
    group by class_number, is_after, score
), binned as (
    select
        class_number
        , is_after
        , score * row_count as score_sum
        , row_count
        , positive_count
        , floor(10 * (
            sum(row_count) over (partition by class_number, is_after order by score rows between unbounded preceding and current row)
            - row_count / 2
        ) / sum(row_count) over (partition by class_number, is_after)) as bin
    from ordered
), bin_errors as (
    select
        class_number
        , is_after
        , bin
        , abs(sum(score_sum) - sum(positive_count)) as error
        , sum(row_count) as row_count
        , sum(positive_count) as positive_count
    from binned
    group by class_number, is_after, bin
), errors as (
    select
        class_number
        , sum(case when is_after = 0 then error end) / sum(case when is_after = 0 then row_count end) as error_before
        , sum(case when is_after = 1 then error end) / sum(case when is_after = 1 then row_count end) as error_after
        , sum(positive_count) > 0 and sum(positive_count) < sum(row_count) as has_both
    from bin_errors
    group by class_number
)
select
    classes.class_number
    , errors.error_before
    , errors.error_after
    , {% if forced %}{{ forced }}{% else %}coalesce(errors.has_both and errors.error_after < errors.error_before, false){% endif %} as is_calibrated
from classes
left join errors on classes.class_number = errors.class_number
