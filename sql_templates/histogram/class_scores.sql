-- class_scores: rows by class and cell of the class's score, with and without labels, in one scan.
-- A row with a score missing is left out; one whose scores are no distribution has cell 1e9.
-- Scores are summed as whole numbers of 2^-40, which add up to the same in any order.
-- inputs:
--   {{ cells }}: chunk_number bigint, actual_class integer, fold integer, is_distribution boolean, score_0 double, cell_0 double
--   {{ classes }}: number of every class
--   {{ is_exact }}: given where every distinct score is a cell of its own
-- grain: chunk_number, class_number, fold, is_positive, cell
-- output:
--   chunk_number bigint
--   class_number integer
--   fold integer         -- -1 outside the reference
--   is_positive boolean  -- NULL without a label
--   cell double
--   row_count bigint
--   score_sum double
with classes as (
    {% for class in classes %}
    {% if not loop.first %}union all{% endif %}
    select {{ class.number }} as class_number
    {% endfor %}
), by_class as (
    select
        cells.chunk_number
        , classes.class_number
        , cells.fold
        , cells.actual_class = classes.class_number as is_positive
        , case
            when not cells.is_distribution then 1e9
            {% for class in classes %}
            when classes.class_number = {{ class.number }} then cells.cell_{{ class.number }}
            {% endfor %}
        end as cell
        , case when cells.is_distribution then
            case classes.class_number{% for class in classes %} when {{ class.number }} then cells.score_{{ class.number }}{% endfor %} end
        end as score
    from {{ cells }} as cells
    cross join classes
    where cells.is_distribution is not null
)
select
    chunk_number
    , class_number
    , fold
    , is_positive
    , cell
    , count(*) as row_count
    , {% if is_exact %}cell * count(*){% else %}cast(sum(cast(round(score * 1099511627776) as bigint)) as double) / 1099511627776{% endif %} as score_sum
from by_class
group by chunk_number, class_number, fold, is_positive, cell
order by chunk_number, class_number, fold, is_positive, cell
