"""Generators of signed directed graphs. One generator one file."""

GENERATORS = {
    "balanced": "sparsernn.topology.generators.balanced:Balanced",
    "erdos_renyi": "sparsernn.topology.generators.erdos_renyi:ErdosRenyi",
    "preferential": "sparsernn.topology.generators.preferential:Preferential",
    "tangent_motifs": "sparsernn.topology.generators.tangent_motifs:TangentMotifs",
}
