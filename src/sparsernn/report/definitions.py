"""What the numbers of a report mean: which of several definitions of one name was taken, with which settings."""

from __future__ import annotations

from sparsernn.dynamics.dstsp.definition import definition_for
from sparsernn.errors import Undefined
from sparsernn.report.figures.power_spectrum import SIGMA
from sparsernn.report.runs import RunComparison
from sparsernn.report.subject import Subject


def definitions(comparison: RunComparison, subjects: list[Subject]) -> list[tuple[str, str]]:
    """(term, what it is). D_stsp and D_H with the definition that the first network's measure took."""
    found = [
        (
            "weights left",
            "connections that exist, counted over the matrices that the compared runs make sparse (over all matrices "
            "that may be made sparse where no run does)",
        )
    ]
    found += _reconstruction(subjects)
    meant = {q.key: q for t in comparison.trainings for q in t.quantities if q.meaning}
    found += [(q.name, q.meaning) for q in meant.values()]
    keys = {key.split("/")[0] for t in comparison.trainings for key in t.test}
    if "score" in keys:
        found.append(
            (
                "score",
                "the task's own loss and scores over the whole test split, without forcing or noise; trivial "
                "predictors stand beside them",
            )
        )
    if "hubs" in keys:
        found.append(
            (
                "hubs",
                "degrees of the unit-to-unit graph (a mask entry with a weight that is not 0); null mean and sd over "
                "random directed graphs with as many connections and self-connections. Units send along the columns "
                "and hear along the rows of a matrix, which is stored as [target, source]",
            )
        )
    found.append(
        (
            "differences",
            "paired by seed; bootstrap interval of the mean over seeds, widened for few seeds, and p of an exact "
            "sign-flip test, adjusted for the number of comparisons of a quantity (Holm). Below six seeds nothing can "
            "be called lower or higher; nor where one of the two is undefined at more seeds",
        )
    )
    found.append(
        (
            "test",
            "numbers of tables, curves and cards are taken on a stretch that neither training nor the choice of "
            "checkpoints has seen. Validation columns, and what single weights do (by which geometric pruning "
            "chooses), are of the validation stretch; activity and Taylor look at training data",
        )
    )
    return found


def _reconstruction(subjects: list[Subject]) -> list[tuple[str, str]]:
    for subject in subjects:
        signals = subject.signals
        entries = [
            e["measure"]["reconstruction"]
            for e in subject.record.measures().values()
            if "reconstruction" in e["measure"]
        ]
        if isinstance(signals, Undefined) or not entries:
            continue
        fields, (length, dim) = entries[0], signals.data.shape
        meant = definition_for(length, dim, preset=fields["preset"], bins=fields["bins"]).describe()
        bandwidth = f"{SIGMA:g} frequency bins, here {SIGMA / (length * signals.dt):.3g} {signals.frequency}"
        return [
            (
                "D_stsp",
                "Kullback–Leibler divergence (nats) of the density of the data from that of a free run, in state "
                f"space; here by {meant}; mean over {fields['starts']} free runs of {length:,} steps after a transient",
            ),
            (
                "floor",
                "the same number for more true runs of the same length where the system is known (mean of five), else "
                "for the two halves of the stretch. Halves are shorter, which raises it; slow change from the training "
                "to the test stretch is not in it: see d_stsp_of_training_data. Short recordings have high floors",
            ),
            (
                "ceiling",
                "the same number for a run that stands still where the data never are, or that has left for good",
            ),
            (
                "D_H",
                "Hellinger distance of power spectra, 0 equal and 1 disjoint, mean over columns; smoothed over "
                + bandwidth,
            ),
            (
                "prediction error",
                f"mean squared error {fields['horizon']} steps ahead, from many points of the test stretch; of a delay "
                "embedding that of its newest column, which alone says nothing known",
            ),
            (
                "collapsed, frozen, escaped",
                "shares of the free runs in which all columns stood still, some column did, or that left the range of "
                "the data for good (D_stsp is then the ceiling)",
            ),
        ]
    return []
