"""Tasks: data, batches, loss and scores. One task one file; `base.py` is the contract."""

TASKS = {
    "reconstruction": "sparsernn.tasks.reconstruction:Reconstruction",
    "adding": "sparsernn.tasks.adding:Adding",
    "sequential_mnist": "sparsernn.tasks.sequential_mnist:SequentialMNIST",
    "language": "sparsernn.tasks.language:Language",
    "mackey_glass": "sparsernn.tasks.mackey_glass:MackeyGlass",
    "cognitive": "sparsernn.tasks.cognitive.cognitive:Cognitive",
    "gestures": "sparsernn.tasks.gestures:GesturePhases",
    "uci_har": "sparsernn.tasks.uci_har:UciHar",
    "person_activity": "sparsernn.tasks.person_activity:PersonActivity",
    "sms": "sparsernn.tasks.sms:SmsSpam",
}
