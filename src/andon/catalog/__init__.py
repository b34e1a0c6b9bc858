"""What there is to find: datasets, columns and saved queries by words, who reads them, and how much they are used."""
