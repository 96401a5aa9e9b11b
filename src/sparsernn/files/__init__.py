"""Everything that reads or writes files: series, images, weights, data sets.

Nothing here trusts a file: no pickle, no code, no array larger than the file can hold. Every defect is a `DataError`.
Nothing heavy is imported here: import from the module that holds the name.
"""
