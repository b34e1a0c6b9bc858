"""Work that people do by hand over and over: recognised from what is recorded, and offered as what would do it."""
