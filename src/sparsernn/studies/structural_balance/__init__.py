"""The study of signed motifs and structural balance (doi:10.1038/s42005-023-01364-0).

`settings` says what is trained, `profiles`, `prescribed` and `lesioned` what is said about it, `tables`, `page` and
`verdicts` how it is told, `study` puts it together.
"""
