-- class_lookup: what a row's score of a class stands for, by fold and cell.
-- calibrated: mean isotonic value of the cell; NULL for a class that keeps its scores.
-- inputs:
--   {{ applied_classes }}: class_number integer, fold integer, cell double, row_count bigint, isotonic double
--   {{ choice }}: class_number integer, is_calibrated boolean
--   {{ influences }}: class_number integer, cell double, positive_influence_0 double, negative_influence_0 double, positive_influence_1 double, negative_influence_1 double
-- grain: class_number, fold, cell
-- output:
--   class_number integer
--   fold integer
--   cell double
--   calibrated double
--   positive_influence_0 double
--   negative_influence_0 double
--   positive_influence_1 double
--   negative_influence_1 double
with calibrated as (
    select class_number, fold, cell, sum(row_count * isotonic) / sum(row_count) as calibrated
    from {{ applied_classes }}
    group by class_number, fold, cell
)
select
    calibrated.class_number
    , calibrated.fold
    , calibrated.cell
    , case when choice.is_calibrated then calibrated.calibrated end as calibrated
    , influences.positive_influence_0
    , influences.negative_influence_0
    , influences.positive_influence_1
    , influences.negative_influence_1
from calibrated
inner join {{ choice }} as choice on calibrated.class_number = choice.class_number
left join {{ influences }} as influences on calibrated.class_number = influences.class_number and calibrated.cell = influences.cell
