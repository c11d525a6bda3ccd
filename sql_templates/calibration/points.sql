-- points: the cumulative diagram of the reference, once over all rows and once without each fold.
-- A class has eleven fits: 11 * class over all rows, and the next ten without fold 0 to 9.
-- Running count against running positives, in order of score; the origin is point 0.
-- inputs:
--   {{ labelled_scores }}: class_number integer, fold integer, cell double, row_count bigint, positive_count bigint, score_sum double
-- grain: fit, point
-- output:
--   fit integer
--   point bigint
--   position double
--   row_count bigint
--   positive_count bigint
--   cumulative_count double
--   cumulative_positives double
with fits as (
    select 0 as fit
    {% for fold in range(10) %}union all select {{ fold + 1 }} as fit {% endfor %}
), left_out as (
    select
        labelled_scores.class_number * 11 + fits.fit as fit
        , labelled_scores.cell
        , cast(sum(labelled_scores.row_count) as bigint) as row_count
        , cast(sum(labelled_scores.positive_count) as bigint) as positive_count
        , sum(labelled_scores.score_sum) / sum(labelled_scores.row_count) as position
    from {{ labelled_scores }} as labelled_scores
    inner join fits on labelled_scores.fold <> fits.fit - 1
    group by labelled_scores.class_number, fits.fit, labelled_scores.cell
)
select
    fit
    , row_number() over (partition by fit order by cell) as point
    , position
    , row_count
    , positive_count
    , cast(sum(row_count) over (partition by fit order by cell rows between unbounded preceding and current row) as double) as cumulative_count
    , cast(sum(positive_count) over (partition by fit order by cell rows between unbounded preceding and current row) as double) as cumulative_positives
from left_out
union all
select distinct fit, 0 as point, cast(null as double) as position, 0 as row_count, 0 as positive_count, 0e0 as cumulative_count, 0e0 as cumulative_positives
from left_out
