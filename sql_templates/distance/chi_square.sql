-- chi_square: statistic of the 2 x K table of levels by reference and chunk, with its p-value.
-- formula: sum (observed - expected)^2 / expected; Yates' correction where the table is 2 x 2; >= 0;
-- NULL when either side has no rows. It grows with the rows: read it with its p-value, or read cramers_v
-- source: Pearson 1900; scipy.stats.chi2_contingency. noise floor: the degrees of freedom; in a 2 x 2
-- table E (|d| - 1/2)^2 / V = 1 - sqrt(2/(pi V)) + 1/(4V), d normal with variance V
-- inputs:
--   {{ contingency }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, chunk_total bigint, reference_total bigint, missing_count bigint, degrees bigint, statistic double, uncorrected_statistic double, variance double
--   {{ chi_square_tail }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, p_value double
-- grain: chunk_number, segment_column, segment_value, column_name
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   family varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
select
    contingency.chunk_number
    , contingency.segment_column
    , contingency.segment_value
    , 'drift' as family
    , 'chi_square' as metric
    , contingency.column_name
    , '' as component
    , contingency.statistic as value
    , cast(null as double) as standard_error
    , case
        when contingency.statistic is null then null
        when contingency.variance > 0 then greatest(1 - sqrt(2 / (pi() * contingency.variance)) + 0.25e0 / contingency.variance, 0)
        else cast(contingency.degrees as double)
    end as noise_floor
    , chi_square_tail.p_value
    , contingency.chunk_total as row_count
    , contingency.missing_count as unused_count
    , case when contingency.reference_total = 0 then 'the reference has no values' when contingency.chunk_total = 0 then 'no values' end as note
from {{ contingency }} as contingency
inner join {{ chi_square_tail }} as chi_square_tail
    on contingency.chunk_number = chi_square_tail.chunk_number
    and contingency.segment_column = chi_square_tail.segment_column
    and contingency.segment_value = chi_square_tail.segment_value
    and contingency.column_name = chi_square_tail.column_name
