"""REDCap: data dictionaries and data exports, in both directions."""
