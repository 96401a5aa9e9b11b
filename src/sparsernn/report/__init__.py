"""What runs have shown: tables, figures (one a file: `numbers`, then `draw`, `picture`) and one page."""
