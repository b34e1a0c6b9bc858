"""The folder as a whole: scanned as git's index does it, merged three-way. Compares contents; doesn't know what they mean."""
