"""Which part of a query's result hangs on which part of what it reads, proved on the bound plan: what a table that grows makes anew."""
