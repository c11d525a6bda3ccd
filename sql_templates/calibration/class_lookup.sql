-- class_lookup: what a row's score of a class stands for, by fold and cell.
-- calibrated: mean isotonic value of the cell; NULL for a class that keeps its scores.
-- influences: what a row of the class, or of another, moves the class's area under the curve by, times the number of rows.
-- source: DeLong et al. 1988 (placements)
-- inputs:
--   {{ applied_classes }}: class_number integer, fold integer, is_positive boolean, cell double, row_count bigint, isotonic double
--   {{ choice }}: class_number integer, is_calibrated boolean
-- grain: class_number, fold, cell
-- output:
--   class_number integer
--   fold integer
--   cell double
--   calibrated double
--   positive_influence double
--   negative_influence double
with labelled as (
    select
        class_number
        , cell
        , cast(sum(case when is_positive then row_count else 0 end) as double) as positives
        , cast(sum(case when is_positive then 0 else row_count end) as double) as negatives
    from {{ applied_classes }}
    where fold >= 0 and is_positive is not null
    group by class_number, cell
), cumulated as (
    select
        *
        , sum(positives) over (partition by class_number order by cell rows between unbounded preceding and current row) as positives_up_to
        , sum(negatives) over (partition by class_number order by cell rows between unbounded preceding and current row) as negatives_up_to
        , sum(positives) over (partition by class_number) as positive_total
        , sum(negatives) over (partition by class_number) as negative_total
    from labelled
), placed as (
    select
        *
        , (negatives_up_to - negatives / 2) / nullif(negative_total, 0) as positive_placement
        , (positive_total - positives_up_to + positives / 2) / nullif(positive_total, 0) as negative_placement
    from cumulated
), areas as (
    select class_number, sum(positives * positive_placement) / nullif(sum(positives), 0) as area
    from placed
    group by class_number
), influences as (
    select
        placed.class_number
        , placed.cell
        , (placed.positive_placement - areas.area) * (placed.positive_total + placed.negative_total) / nullif(placed.positive_total, 0) as positive_influence
        , (placed.negative_placement - areas.area) * (placed.positive_total + placed.negative_total) / nullif(placed.negative_total, 0) as negative_influence
    from placed
    inner join areas on placed.class_number = areas.class_number
), calibrated as (
    select class_number, fold, cell, sum(row_count * isotonic) / sum(row_count) as calibrated
    from {{ applied_classes }}
    group by class_number, fold, cell
)
select
    calibrated.class_number
    , calibrated.fold
    , calibrated.cell
    , case when choice.is_calibrated then calibrated.calibrated end as calibrated
    , influences.positive_influence
    , influences.negative_influence
from calibrated
inner join {{ choice }} as choice on calibrated.class_number = choice.class_number
left join influences on calibrated.class_number = influences.class_number and calibrated.cell = influences.cell
