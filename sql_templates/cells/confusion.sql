-- confusion: the four confusion cells of every chunk, as expected or as realized counts.
-- A row without the prediction, or without what its family needs (score or label), is unused.
-- source: estimated cells, CBPE: https://arxiv.org/abs/2407.08649
-- inputs:
--   {{ outcomes }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, is_predicted_positive boolean, cell double, row_count bigint, positives double, negatives double
-- grain: family, chunk_number, segment_column, segment_value, component
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   component varchar
--   true_positive double
--   false_positive double
--   false_negative double
--   true_negative double
--   used double
--   row_count bigint
--   unused_count bigint
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , component
    , coalesce(sum(case when is_predicted_positive then positives end), 0) as true_positive
    , coalesce(sum(case when is_predicted_positive then negatives end), 0) as false_positive
    , coalesce(sum(case when not is_predicted_positive then positives end), 0) as false_negative
    , coalesce(sum(case when not is_predicted_positive then negatives end), 0) as true_negative
    , cast(sum(case when is_predicted_positive is not null and positives is not null then row_count else 0 end) as double) as used
    , cast(sum(case when is_predicted_positive is not null and positives is not null then row_count else 0 end) as bigint) as row_count
    , cast(sum(case when is_predicted_positive is not null and positives is not null then 0 else row_count end) as bigint) as unused_count
from {{ outcomes }}
group by family, chunk_number, segment_column, segment_value, component
