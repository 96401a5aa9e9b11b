"""Studies: one file a question, from specs to records, tables and figures."""
