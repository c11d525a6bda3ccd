-- class_scores: rows by class and cell of the class's score, with and without labels, in one scan.
-- A row with a score missing has no cell and is left out; one whose scores are no distribution has cell 1e9.
-- Scores are summed as whole numbers of 2^-40, which add up to the same in any order.
-- inputs:
--   {{ rows }}: chunk_number bigint, score_0 double, actual_class integer, fold integer
--   {{ classes }}: number of every class and the cell of its score
--   {{ tolerance }}: how far the sum of a row's scores may be from 1
--   {{ is_exact }}: given where every distinct score is a cell of its own
-- grain: class_number, fold, is_positive, cell
-- output:
--   class_number integer
--   fold integer         -- -1 outside the reference
--   is_positive boolean  -- NULL without a label
--   cell double
--   row_count bigint
--   score_sum double
with scored as (
    select
        *
        , {% for class in classes %}{% if not loop.first %} + {% endif %}score_{{ class.number }}{% endfor %} as score_total
    from {{ rows }} as source_rows
    where chunk_number is not null
), judged as (
    select
        *
        , abs(score_total - 1) <= {{ tolerance }}{% for class in classes %} and score_{{ class.number }} >= 0{% endfor %} as is_distribution
    from scored
), classes as (
    {% for class in classes %}
    {% if not loop.first %}union all{% endif %}
    select {{ class.number }} as class_number
    {% endfor %}
), by_class as (
    select
        classes.class_number
        , case when judged.chunk_number % 2 = 1 then judged.fold else -1 end as fold
        , judged.actual_class = classes.class_number as is_positive
        , case
            when not judged.is_distribution then 1e9
            {% for class in classes %}
            when classes.class_number = {{ class.number }} then {{ class.cell }}
            {% endfor %}
        end as cell
        , case when judged.is_distribution then
            case classes.class_number{% for class in classes %} when {{ class.number }} then judged.score_{{ class.number }}{% endfor %} end
        end as score
    from judged
    cross join classes
    where judged.is_distribution is not null
)
select
    class_number
    , fold
    , is_positive
    , cell
    , count(*) as row_count
    , {% if is_exact %}cell * count(*){% else %}cast(sum(cast(round(score * 1099511627776) as bigint)) as double) / 1099511627776{% endif %} as score_sum
from by_class
group by class_number, fold, is_positive, cell
order by class_number, fold, is_positive, cell
