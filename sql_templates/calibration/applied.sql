-- applied: every score cell with its isotonic value, by linear interpolation between knots, clipped outside.
-- Reference rows take the fit that left their own fold out; all others the fit over everything.
-- inputs:
--   {{ scores }}: chunk_number bigint, segment_column varchar, segment_value varchar, predicted_label varchar, actual_label varchar, fold integer, cell double, row_count bigint, score_sum double
--   {{ knots }}: fit integer, knot bigint, score double, calibrated double, next_score double, next_calibrated double
-- grain: chunk_number, segment_column, segment_value, predicted_label, actual_label, fold, cell
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   predicted_label varchar
--   actual_label varchar
--   fold integer
--   cell double
--   row_count bigint
--   position double
--   isotonic double
with positions as (
    select distinct fold + 1 as fit, score_sum / row_count as score
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
), interpolated as (
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
)
select
    scores.chunk_number
    , scores.segment_column
    , scores.segment_value
    , scores.predicted_label
    , scores.actual_label
    , scores.fold
    , scores.cell
    , scores.row_count
    , scores.score_sum / scores.row_count as position
    , interpolated.isotonic
from {{ scores }} as scores
left join interpolated
    on scores.fold + 1 = interpolated.fit and scores.score_sum / scores.row_count = interpolated.score
