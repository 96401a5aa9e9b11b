"""Small files in the formats in which data sets are published."""

import numpy as np

TAGS = ("010-000-024-033", "010-000-030-096", "020-000-033-111", "020-000-032-221")
ACTIVITIES = (
    "walking", "falling", "lying down", "lying", "sitting down", "sitting", "standing up from lying", "on all fours",
    "sitting on the ground", "standing up from sitting", "standing up from sitting on the ground",
)  # fmt: skip


def messages(folder, fewest=1, rows=240):
    """SMSSpamCollection: messages of `fewest` to fewest + 7 words; short ones are often alike."""
    draw = np.random.default_rng(0)
    words = [a + b for a in "bcdfgh" for b in "aeiou"]
    sent = [" ".join(draw.choice(words, draw.integers(fewest, fewest + 8))) for _ in range(rows)]
    lines = [f"{'spam' if draw.random() < 0.3 else 'ham'}\t{message}\n" for message in sent]
    (folder / "SMSSpamCollection").write_text("".join(lines), encoding="utf-8")
    return str(folder)


def smartphones(folder, people=(1, 2, 3, 4, 27, 28), tested=(5, 6), windows=8):
    """uci_har_inertial.npz; the activity shows in the first signal."""
    draw, arrays = np.random.default_rng(0), {}
    for side, there in (("train", people), ("test", tested)):
        subjects = np.repeat(there, windows).astype(np.uint8)
        labels = (1 + np.arange(len(subjects)) % 6).astype(np.uint8)
        signals = draw.normal(size=(len(subjects), 128, 9)).astype(np.float32)
        signals[:, :, 0] += labels[:, None]
        arrays |= {f"X_{side}": signals, f"y_{side}": labels, f"subject_{side}": subjects}
    np.savez_compressed(folder / "uci_har_inertial.npz", **arrays)
    return str(folder)


def tags(folder, rows=60, people="ABCDE", recordings=2):
    """ConfLongDemo_JSI.txt; the activity changes every seventh row and shows in x."""
    draw, lines = np.random.default_rng(0), []
    for name in (f"{person}{k:02d}" for person in people for k in range(1, recordings + 1)):
        for row in range(rows):
            what = row // 7 % len(ACTIVITIES)
            x, y, z = what + draw.normal() / 10, *draw.normal(size=2)
            stamp = 633790226051280329 + 10**6 * row
            lines.append(f"{name},{TAGS[row % 4]},{stamp},27.05.2009 14:03:25:127,{x},{y},{z},{ACTIVITIES[what]}\n")
    (folder / "ConfLongDemo_JSI.txt").write_text("".join(lines), encoding="utf-8")
    return str(folder)
