-- macro_calibration: mean over the classes of the calibration error, each class against all others.
-- No standard error, as each class has none. Classes without a value take no part.
-- inputs:
--   {{ by_class }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, metric varchar, value double, note varchar
-- grain: family, chunk_number, segment_column, segment_value
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   component varchar
--   value double         -- in [0, 1]
--   standard_error double
--   note varchar         -- why there is no value, where there are rows
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , metric
    , '' as component
    , avg(value) as value
    , cast(null as double) as standard_error
    , case when count(value) = 0 then max(note) end as note
from {{ by_class }}
group by family, chunk_number, segment_column, segment_value, metric
