"""Sources: which files are meant, the contract recorded about them, the strict SQL that reads them. Never writes; knows no catalog."""
