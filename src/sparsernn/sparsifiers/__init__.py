"""Sparsifiers: which weights exist, and when that changes. Papers are presets in a space of few parts."""

SPARSIFIERS = {
    "dense": "sparsernn.sparsifiers.base:Dense",
    "static": "sparsernn.sparsifiers.methods.static:Static",
    "deepr": "sparsernn.sparsifiers.methods.deepr:DeepR",
    "deepr_epoch": "sparsernn.sparsifiers.methods.deepr_epoch:DeepREpoch",
    "growing_threshold": "sparsernn.sparsifiers.methods.growing_threshold:GrowingThreshold",
    "pruner": "sparsernn.sparsifiers.pruner:Pruner",
    "rewirer": "sparsernn.sparsifiers.rewirer:Rewirer",
    "restarting": "sparsernn.sparsifiers.restarting:Restarting",
    # presets: functions that return one of the above
    "one_shot": "sparsernn.sparsifiers.methods.one_shot:one_shot",
    "gradual_cubic": "sparsernn.sparsifiers.methods.gradual_cubic:gradual_cubic",
    "geometric": "sparsernn.sparsifiers.methods.geometric:geometric",
    "magnitude": "sparsernn.sparsifiers.methods.magnitude:magnitude",
    "activity": "sparsernn.sparsifiers.methods.activity:activity",
    "taylor": "sparsernn.sparsifiers.methods.taylor:taylor",
    "random": "sparsernn.sparsifiers.methods.random:random",
    "set": "sparsernn.sparsifiers.methods.set:set_",
    "rigl": "sparsernn.sparsifiers.methods.rigl:rigl",
    "granet": "sparsernn.sparsifiers.methods.granet:granet",
    "snip": "sparsernn.sparsifiers.methods.snip:snip",
    "zhang2023_pruning1": "sparsernn.sparsifiers.methods.zhang2023_pruning1:zhang2023_pruning1",
    "zhang2023_pruning2": "sparsernn.sparsifiers.methods.zhang2023_pruning2:zhang2023_pruning2",
    "zhang2023_deepr": "sparsernn.sparsifiers.methods.zhang2023_deepr:zhang2023_deepr",
    "zhang2023_set": "sparsernn.sparsifiers.methods.zhang2023_set:zhang2023_set",
}
BY_ROUNDS = ("geometric", "magnitude", "activity", "taylor", "random")
"""Presets that prune between trainings, in the order of a table: the criteria of a comparison."""
STARTS = {
    "uniform": "sparsernn.sparsifiers.start:Uniform",
    "erdos_renyi": "sparsernn.sparsifiers.start:ErdosRenyi",
}
SCHEDULES = {
    "one_shot": "sparsernn.sparsifiers.schedule:OneShot",
    "cubic": "sparsernn.sparsifiers.schedule:Cubic",
    "per_round": "sparsernn.sparsifiers.schedule:PerRound",
    "every_epoch": "sparsernn.sparsifiers.schedule:EveryEpoch",
    "every_steps": "sparsernn.sparsifiers.schedule:EverySteps",
}
DROPS = {
    "magnitude": "sparsernn.sparsifiers.drop:Magnitude",
    "set": "sparsernn.sparsifiers.drop:NearestZeroOfEachSign",
    "activity": "sparsernn.sparsifiers.drop:ActivityScaledMagnitude",
    "taylor": "sparsernn.sparsifiers.drop:Taylor",
    "random": "sparsernn.sparsifiers.drop:RandomDrop",
    "geometric": "sparsernn.sparsifiers.drop:Geometric",
}
GROWS = {
    "random": "sparsernn.sparsifiers.grow:RandomGrowth",
    "gradient": "sparsernn.sparsifiers.grow:Gradient",
}
REDISTRIBUTIONS = {
    "keep": "sparsernn.sparsifiers.redistribute:Keep",
    "magnitude": "sparsernn.sparsifiers.redistribute:ByMagnitude",
}
