select 1 as grade, 5000.0 as most
