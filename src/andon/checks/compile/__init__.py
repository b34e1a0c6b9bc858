"""Checks made ready to be asked: bound to columns and types, put into SQL, remembered by content. Runs none of them."""
