"""Sources in Python: a function that hands out rows, in a process of its own that reaches the hosts that it declares and no other."""
