-- knots: first and last score of every block of the isotonic fit, with the block's share of positives.
-- inputs:
--   {{ points }}: fit integer, point bigint, position double, row_count bigint, positive_count bigint
--   {{ hull }}: fit integer, point bigint
-- grain: fit, knot
-- output:
--   fit integer
--   knot bigint
--   score double
--   calibrated double
--   next_score double
--   next_calibrated double
with blocks as (
    select
        points.fit
        , points.position
        , points.row_count
        , points.positive_count
        , count(hull.point) over (
            partition by points.fit order by points.point rows between unbounded preceding and 1 preceding
        ) as block
    from {{ points }} as points
    left join {{ hull }} as hull on points.fit = hull.fit and points.point = hull.point
), block_ends as (
    select
        fit
        , block
        , min(position) as first_score
        , max(position) as last_score
        , cast(sum(positive_count) as double) / sum(row_count) as calibrated
    from blocks
    where position is not null
    group by fit, block
), ends as (
    select fit, first_score as score, calibrated from block_ends
    union all
    select fit, last_score as score, calibrated from block_ends where last_score > first_score
)
select
    fit
    , row_number() over (partition by fit order by score) as knot
    , score
    , calibrated
    , lead(score) over (partition by fit order by score) as next_score
    , lead(calibrated) over (partition by fit order by score) as next_calibrated
from ends
