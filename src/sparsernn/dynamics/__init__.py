"""How a dynamics looks in the long run: geometry of its attractor, spectrum, predictability, embedding.

Pure mathematics on arrays, no learning. Nothing heavy is imported here: import from the module that holds the name.
"""
