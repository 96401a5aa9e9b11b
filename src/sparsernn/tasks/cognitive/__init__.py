"""The 20 cognitive tasks of Yang et al. 2019, doi 10.1038/s41593-018-0310-2: one engine, and a short entry a task.

`entries` are the tasks, in the words of `rule`; `drawing` makes trials of them, `activity` what goes into a network and
what is wanted of it, `performance` says which answers are right, `cognitive` is the member that a spec names.
"""
