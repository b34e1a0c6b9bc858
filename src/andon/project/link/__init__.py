"""Files put together to one project: macros, modules, rules, unit tests, and what contradicts. Reads no file itself."""
