-- average_precision: mean of the precision at every positive, in order of falling score.
-- Realized: ties share the precision at their end, as in scikit-learn; so they do blended. Estimated: row by row inside
-- ties, whose expected labels are equal, so their sum has a closed form in harmonic numbers.
-- Sums are of whole numbers of 2^-44 or 2^-42, so that they do not depend on where other chunks' rows stand.
-- standard error: influence function of the estimate (delta method on the cumulative counts); with ten
-- positives it is 0.7 to 0.85 of the bootstrap's.
-- inputs:
--   {{ score_cells }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, cell double, positives double, negatives double, positives_above double, negatives_above double, positive_total double, negative_total double
-- grain: family, chunk_number, segment_column, segment_value, component
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   component varchar
--   value double         -- in [0, 1]; NULL without positives
--   standard_error double
--   note varchar         -- why there is no value, where there are rows
with counted as (
    select
        score_cells.*
        , positives + negatives as cell_count
        , positives_above + negatives_above as count_above
        , (positives_above + positives) / (positives_above + positives + negatives_above + negatives) as precision_here
        , positives / (positives + negatives) as share
    from {{ score_cells }} as score_cells
    where positives + negatives > 0
), harmonic as (
    -- H(x + c) - H(x), after shifting both arguments up by eight, where three terms suffice
    select
        counted.*
        , ln((count_above + cell_count + 8) / (count_above + 8))
        + (1 / (count_above + cell_count + 8) - 1 / (count_above + 8)) / 2
        - (1 / ((count_above + cell_count + 8) * (count_above + cell_count + 8)) - 1 / ((count_above + 8) * (count_above + 8))) / 12
        + (1 / power(count_above + cell_count + 8, 4) - 1 / power(count_above + 8, 4)) / 120
        - (1 / power(count_above + cell_count + 8, 6) - 1 / power(count_above + 8, 6)) / 252
        {% for step in range(1, 9) %}
        + 1 / (count_above + {{ step }}) - 1 / (count_above + cell_count + {{ step }})
        {% endfor %}
        as harmonic_difference
    from counted
), contributions as (
    select
        harmonic.*
        , case
            when family = 'estimated' then
                share * (cell_count * share + (positives_above - share * count_above) * harmonic_difference)
            else positives * precision_here
        end as contribution
        , sum(floor(positives / (count_above + cell_count) * 17592186044416 + 0.5e0)) over (
            partition by family, chunk_number, segment_column, segment_value, component order by cell rows between unbounded preceding and current row
        ) / 17592186044416 as hits_below
        , sum(floor(positives * precision_here / (count_above + cell_count) * 17592186044416 + 0.5e0)) over (
            partition by family, chunk_number, segment_column, segment_value, component order by cell rows between unbounded preceding and current row
        ) / 17592186044416 as precision_below
    from harmonic
), averaged as (
    select
        contributions.*
        , sum(floor(contribution / nullif(positive_total, 0) * 17592186044416 + 0.5e0)) over (
            partition by family, chunk_number, segment_column, segment_value, component
        ) / 17592186044416 as average
    from contributions
)
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , 'average_precision' as metric
    , component
    , max(average) as value
    , sqrt(sum(floor((
        positives * power(precision_here - average + hits_below - precision_below, 2)
        + negatives * power(precision_below, 2)
    ) / nullif(positive_total, 0) * 4398046511104 + 0.5e0)) / 4398046511104 / nullif(max(positive_total), 0)) as standard_error
    , case when max(average) is null then 'no positives' end as note
from averaged
group by family, chunk_number, segment_column, segment_value, component
