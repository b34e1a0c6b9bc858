"""What each output column of a bound plan is made of, and what decides which rows there are. What is not known is the whole table."""
