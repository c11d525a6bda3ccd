-- class_outcomes: rows and expected rows of every class in merged chunks.
-- inputs:
--   {{ class_outcomes }}: chunk_number bigint, segment_column varchar, segment_value varchar, class_number integer, is_positive boolean, is_by_cell boolean, predicted_class integer, is_scored boolean, cell double, row_count bigint, chance_sum double, position double, expected_square double, realized_square double, squares_0 double, total_squares_0 double, squares_1 double, total_squares_1 double
--   {{ members }}: chunk_number bigint, merged_number bigint, pair varchar
-- grain: chunk_number, segment_column, segment_value, class_number, is_positive, is_by_cell, predicted_class, is_scored, cell
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   class_number integer
--   is_positive boolean
--   is_by_cell boolean
--   predicted_class integer
--   is_scored boolean
--   cell double
--   row_count bigint
--   chance_sum double
--   position double -- mean score of the class, before calibration
--   expected_square double
--   realized_square double
--   squares_0 double
--   total_squares_0 double
--   squares_1 double
--   total_squares_1 double
select
    members.merged_number as chunk_number
    , counts.segment_column
    , members.pair || counts.segment_value as segment_value
    , counts.class_number
    , counts.is_positive
    , counts.is_by_cell
    , counts.predicted_class
    , counts.is_scored
    , counts.cell
    , cast(sum(counts.row_count) as bigint) as row_count
    , sum(counts.chance_sum) as chance_sum
    , sum(counts.row_count * counts.position) / nullif(sum(case when counts.position is not null then counts.row_count end), 0) as position
    , sum(counts.expected_square) as expected_square
    , sum(counts.realized_square) as realized_square
    , sum(counts.squares_0) as squares_0
    , sum(counts.total_squares_0) as total_squares_0
    , sum(counts.squares_1) as squares_1
    , sum(counts.total_squares_1) as total_squares_1
from {{ class_outcomes }} as counts
inner join {{ members }} as members on counts.chunk_number = members.chunk_number
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
order by chunk_number, segment_column, segment_value, class_number, is_by_cell, is_scored, is_positive, predicted_class, cell
