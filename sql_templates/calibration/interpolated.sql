-- interpolated: the isotonic value of every score, by linear interpolation between knots, clipped outside.
-- Reference rows take the fit that left their own fold out; all others the fit over everything.
-- inputs:
--   {{ scores }}: fold integer, cell double, row_count bigint, score_sum double
--   {{ knots }}: fit integer, knot bigint, score double, calibrated double, next_score double, next_calibrated double
--   {{ fit }}: the number of a row's fit
-- grain: fit, score
-- output:
--   fit integer
--   score double
--   isotonic double
with positions as (
    select distinct {{ fit }} as fit, score_sum / row_count as score
    from {{ scores }}
    where cell is not null
), lined_up as (
    select fit, score, 1 as is_position, 0 as knot
    from positions
    union all
    select fit, score, 0 as is_position, knot
    from {{ knots }}
), carried as (
    select
        fit
        , score
        , is_position
        , max(knot) over (
            partition by fit order by score, is_position rows between unbounded preceding and current row
        ) as knot
    from lined_up
)
select
    carried.fit
    , carried.score
    , case
        when knots.knot is null then first_knots.calibrated
        when knots.next_score is null then knots.calibrated
        else knots.calibrated
            + (knots.next_calibrated - knots.calibrated) / (knots.next_score - knots.score) * (carried.score - knots.score)
    end as isotonic
from carried
left join {{ knots }} as knots on carried.fit = knots.fit and carried.knot = knots.knot
left join {{ knots }} as first_knots on carried.fit = first_knots.fit and first_knots.knot = 1
where carried.is_position = 1
