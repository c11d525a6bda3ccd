-- hull: one round of thinning points to the greatest convex minorant, within groups of neighbours.
-- A point stays if the steepest slope from its left is below the flattest slope to its right.
-- The slopes of what is left after all rounds are the isotonic regression of label on score.
-- source: Barlow et al. 1972, "Statistical inference under order restrictions"
-- inputs:
--   {{ points }}: fit integer, point bigint, cumulative_count double, cumulative_positives double
--   {{ group_size }}: neighbours compared with each other; left out in the last round, which compares all
--   {{ offset }}: shifts the groups, so that two rounds do not share their borders
-- grain: fit, point
-- output:
--   fit integer
--   point bigint
--   cumulative_count double
--   cumulative_positives double
with numbered as (
    select
        fit
        , point
        , cumulative_count
        , cumulative_positives
        {% if group_size %}
        , (row_number() over (partition by fit order by point) - 1 + {{ offset }}) // {{ group_size }} as neighbourhood
        {% else %}
        , 0 as neighbourhood
        {% endif %}
    from {{ points }}
), slopes as (
    select
        middle.fit
        , middle.point
        , middle.cumulative_count
        , middle.cumulative_positives
        , max(case when other.point < middle.point then
            (middle.cumulative_positives - other.cumulative_positives) / (middle.cumulative_count - other.cumulative_count)
        end) as steepest_before
        , min(case when other.point > middle.point then
            (other.cumulative_positives - middle.cumulative_positives) / (other.cumulative_count - middle.cumulative_count)
        end) as flattest_after
    from numbered as middle
    inner join numbered as other
        on middle.fit = other.fit and middle.neighbourhood = other.neighbourhood
    group by middle.fit, middle.point, middle.cumulative_count, middle.cumulative_positives
)
select fit, point, cumulative_count, cumulative_positives
from slopes
where steepest_before is null or flattest_after is null or steepest_before < flattest_after
