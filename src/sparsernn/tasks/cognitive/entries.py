"""The twenty tasks, in the order of their rule inputs.

Epochs, places and strengths are those with which the paper's networks were trained (doi 10.1038/s41593-018-0310-2,
Methods, and its published code).
"""

from __future__ import annotations

from sparsernn.tasks.cognitive.rule import Between, Rule, Shown

GO = Rule(
    "Go",
    epochs={"fixation": Between(300, 700), "stimulus": Between(500, 1500), "go": 500},
    first=Shown("stimulus", "go"),
)
RT_GO = Rule(
    "RT Go",
    epochs={"fixation": Between(500, 2500), "go": 500},
    first=Shown("go", "go"),
    released=False,
)
DLY_GO = Rule(
    "Dly Go",
    epochs={"fixation": (300, 500, 700), "stimulus": (200, 400, 600), "delay": (200, 400, 800, 1600), "go": 500},
    first=Shown("stimulus", "stimulus"),
)

DM_1 = Rule(
    "DM 1",
    epochs={"fixation": Between(100, 400), "stimuli": (400, 800, 1600), "go": 500},
    first=Shown("stimuli", "stimuli"),
    second=Shown("stimuli", "stimuli"),
    ring="1",
    places="apart",
    contrasts=(0.01, 0.02, 0.04, 0.08),
    attended=(1,),
    answer="stronger",
)
DM_2 = DM_1._replace(title="DM 2", ring="2", attended=(2,))

DLY_DM_1 = DM_1._replace(
    title="Dly DM 1",
    epochs={
        "fixation": (200, 400, 600),
        "first": (200, 400, 600),
        "delay": (200, 400, 800, 1600),
        "second": (200, 400, 600),
        "wait": Between(100, 300),
        "go": 500,
    },
    first=Shown("first", "first"),
    second=Shown("second", "second"),
    contrasts=(0.08, 0.16, 0.32),
)
DLY_DM_2 = DLY_DM_1._replace(title="Dly DM 2", ring="2", attended=(2,))

DMS = Rule(
    "DMS",
    epochs={"fixation": (200, 400, 600), "sample": (200, 400, 600), "delay": (200, 400, 800, 1600), "test": 500},
    first=Shown("sample", "sample"),
    second=Shown("test", "test"),
    places="same or not",
    answer="if matching",
    released=False,
)
DMC = DMS._replace(title="DMC", places="categories", epochs={**DMS.epochs, "test": (200, 400, 600)})

RULES: dict[str, Rule] = {
    "go": GO,
    "rt_go": RT_GO,
    "dly_go": DLY_GO,
    "anti": GO._replace(title="Anti", answer="opposite"),
    "rt_anti": RT_GO._replace(title="RT Anti", answer="opposite"),
    "dly_anti": DLY_GO._replace(title="Dly Anti", answer="opposite"),
    "dm_1": DM_1,
    "dm_2": DM_2,
    "ctx_dm_1": DM_1._replace(title="Ctx DM 1", ring="both"),
    "ctx_dm_2": DM_2._replace(title="Ctx DM 2", ring="both"),
    "multsen_dm": DM_1._replace(title="MultSen DM", ring="both", attended=(1, 2)),
    "dly_dm_1": DLY_DM_1,
    "dly_dm_2": DLY_DM_2,
    "ctx_dly_dm_1": DLY_DM_1._replace(title="Ctx Dly DM 1", ring="both"),
    "ctx_dly_dm_2": DLY_DM_2._replace(title="Ctx Dly DM 2", ring="both"),
    "multsen_dly_dm": DLY_DM_1._replace(title="MultSen Dly DM", ring="both", attended=(1, 2)),
    "dms": DMS,
    "dnms": DMS._replace(title="DNMS", answer="if not matching"),
    "dmc": DMC,
    "dnmc": DMC._replace(title="DNMC", answer="if not matching"),
}
"""Name in a spec to entry. A rule has the input of its place here, whichever rules a task takes."""
