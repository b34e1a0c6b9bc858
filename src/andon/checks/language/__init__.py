"""The check language: tokens, forms, modifiers, what is wrong with a line. Pure text in, forms out; binds no SQL and knows no columns."""
