"""Files that hold a graph: a square matrix, a list of edges, or GraphML. What is damaged or foreign is refused."""
