-- influences: what one more row, of the class or of another, moves a metric over ranks by, times the number of rows.
-- 0: area under the curve, a row's placement among the others less the area. source: DeLong et al. 1988
-- 1: average precision, the derivative by the cumulative counts.
-- inputs:
--   {{ labelled_class_scores }}: class_number integer, cell double, row_count bigint, positive_count bigint
-- grain: class_number, cell
-- output:
--   class_number integer
--   cell double
--   positive_influence_0 double
--   negative_influence_0 double
--   positive_influence_1 double
--   negative_influence_1 double
with cells as (
    select
        class_number
        , cell
        , cast(sum(positive_count) as double) as positives
        , cast(sum(row_count - positive_count) as double) as negatives
    from {{ labelled_class_scores }}
    group by class_number, cell
), cumulated as (
    select
        *
        , sum(positives) over (partition by class_number order by cell desc rows between unbounded preceding and current row) as positives_down_to
        , sum(negatives) over (partition by class_number order by cell desc rows between unbounded preceding and current row) as negatives_down_to
        , nullif(sum(positives) over (partition by class_number), 0) as positive_total
        , nullif(sum(negatives) over (partition by class_number), 0) as negative_total
    from cells
), placed as (
    select
        *
        , (negative_total - negatives_down_to + negatives / 2) / negative_total as positive_placement
        , (positives_down_to - positives / 2) / positive_total as negative_placement
        , positives_down_to / (positives_down_to + negatives_down_to) as precision_here
    from cumulated
), summed as (
    select
        *
        , sum(positives / (positives_down_to + negatives_down_to)) over (
            partition by class_number order by cell rows between unbounded preceding and current row
        ) as hits_below
        , sum(positives * precision_here / (positives_down_to + negatives_down_to)) over (
            partition by class_number order by cell rows between unbounded preceding and current row
        ) as precision_below
        , sum(positives * positive_placement) over (partition by class_number) / positive_total as area
        , sum(positives * precision_here) over (partition by class_number) / positive_total as average_precision
    from placed
)
select
    class_number
    , cell
    , (positive_placement - area) * (positive_total + negative_total) / positive_total as positive_influence_0
    , (negative_placement - area) * (positive_total + negative_total) / negative_total as negative_influence_0
    , (precision_here - average_precision + hits_below - precision_below) * (positive_total + negative_total) / positive_total as positive_influence_1
    , -precision_below * (positive_total + negative_total) / positive_total as negative_influence_1
from summed
