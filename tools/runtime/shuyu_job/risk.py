"""What a model tells of those it was fitted on: five rules, each with its figure and its threshold.

The check works on the model as it would leave, never on the estimator: what is not in the JSON cannot leak. Members
are the rows it was fitted on; the shadow set are rows of the same population that were held out.
"""

import json
import math
from pathlib import Path

from shuyu_job.forms import FeaturesRefused, answers, design, enough_of_each, leaves
from shuyu_job.inputs import IN, read
from shuyu_job.outputs import write_text

# Highest upper bound (95 %) of the attacker's AUC; 0.5 is guessing. Platform default: SACRO-ML and AWS Clean Rooms ML
# report the same measure and leave the bound to the owner.
AUC_AT_MOST = 0.6
# Fewest training rows of a leaf: SACRO-ML's rule for trees, min_samples_leaf >= 5.
LEAF_AT_LEAST = 5
# Fewest residual degrees of freedom: ACRO's rule for regressions, 10.
FREEDOM_AT_LEAST = 10
# Largest share of parameters in rows: DataSHIELD's limit for fitted models, 0.33.
PARAMETERS_AT_MOST = 0.33
# A record is near if it lies within this part of the median distance between nearest records. Platform default.
NEAR = 0.01
# Records that are compared with each other at most; beyond it every n-th is taken.
COMPARED_AT_MOST = 2000


def losses(model: dict, rows, target):
    """Loss of each row: cross-entropy, squared error, or squared distance to the nearest centre."""
    import numpy

    said = answers(model, rows)
    if model["kind"] == "centres":
        return said ** 2
    if model.get("classes"):
        place = {name: i for i, name in enumerate(model["classes"])}
        index = numpy.array([place.get(str(t), -1) for t in target])
        share = numpy.where(index < 0, 0.0, said[numpy.arange(len(rows)), numpy.maximum(index, 0)])
        return -numpy.log(numpy.clip(share, 1e-12, 1.0))
    return (said - numpy.asarray(target, dtype=float)) ** 2


def auc(members, others) -> tuple[float, float, float]:
    """Chance that a member has the lower loss, ties half, with its 95 % interval.

    The attack is the threshold on the loss (Yeom and others 2018) over all thresholds at once; the interval is that of
    Hanley and McNeil (1982).
    """
    import numpy
    from scipy.stats import rankdata

    m, n = len(members), len(others)
    ranks = rankdata(numpy.concatenate([-numpy.asarray(members), -numpy.asarray(others)]))
    a = float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    spread = (a * (1 - a) + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (m * n)
    half = 1.96 * math.sqrt(max(spread, 0.0))
    return a, max(a - half, 0.0), min(a + half, 1.0)


def membership(model: dict, members, member_target, held_out, held_target) -> dict:
    """An attacker who knows rows and losses must not tell members from the shadow set."""
    a, low, high = auc(losses(model, members, member_target), losses(model, held_out, held_target))
    return rule("membership_inference", a, AUC_AT_MOST, high <= AUC_AT_MOST, low=low, high=high)


def memorised(model: dict, members, target) -> dict:
    """Training records that stand in the model: a centre on a record, or a leaf that answers with the value of one;
    without meaning for coefficients, each of which speaks of all rows that have its feature."""
    import numpy

    if model["kind"] not in ("centres", "trees"):
        return rule("memorised_rows", None, 0, True)
    count = 0
    if model["kind"] == "centres":
        sample = members[:: max(1, len(members) // COMPARED_AT_MOST)]
        gaps = _nearest(sample, sample, itself=True)
        near = NEAR * float(numpy.median(gaps)) if len(gaps) else 0.0
        count = int((_nearest(numpy.array(model["centres"]), members) <= max(near, 1e-9)).sum())
    elif model["kind"] == "trees":
        for tree in model["trees"]:
            at = leaves(tree, members)
            sizes = numpy.bincount(at, minlength=len(tree["left"]))
            value = numpy.array(tree["value"], dtype=float)
            alone = sizes[at] == 1
            if model["classes"]:
                # A leaf with one record of a mixed population answers with that record's class for sure.
                count += int((alone & (value[at].max(axis=1) > 0.999)).sum())
            else:
                wanted = numpy.asarray(target, dtype=float)
                same = numpy.abs(value[at, 0] - wanted) <= 1e-3 * numpy.maximum(numpy.abs(wanted), 1e-9)
                count += int((alone & same).sum())
    return rule("memorised_rows", count, 0, count == 0)


def _nearest(points, records, itself: bool = False):
    import numpy

    found = []
    for i, point in enumerate(points):
        distance = numpy.sqrt(((records - point) ** 2).sum(axis=1))
        if itself:
            distance[i] = numpy.inf
        found.append(distance.min())
    return numpy.array(found)


def unique_leaves(model: dict, members) -> dict:
    """Leaves that fewer training rows than five fall into; without meaning for what has no leaves."""
    import numpy

    if model["kind"] != "trees":
        return rule("unique_leaves", None, 0, True)
    count, least = 0, len(members)
    for tree in model["trees"]:
        sizes = numpy.bincount(leaves(tree, members), minlength=len(tree["left"]))
        ends = sizes[numpy.array(tree["left"]) == -1]
        count += int((ends < LEAF_AT_LEAST).sum())
        least = min(least, int(ends.min()))
    return rule("unique_leaves", count, 0, count == 0, smallest=least)


def parameters(model: dict) -> int:
    """Free numbers of the model; of an ensemble those of its largest tree, since trees see the same rows."""
    if model["kind"] == "linear":
        return len(model["coefficients"]) + 1
    if model["kind"] == "logistic":
        return sum(len(row) for row in model["coefficients"]) + len(model["intercepts"])
    if model["kind"] == "centres":
        return sum(len(row) for row in model["centres"])
    return max(2 * sum(1 for left in tree["left"] if left != -1) + 1 for tree in model["trees"])


def rule(name: str, figure, threshold: float, passes: bool, **detail) -> dict:
    """One line of the report."""
    figure = None if figure is None else float(figure)
    return {"rule": name, "figure": figure, "threshold": float(threshold), "passes": bool(passes),
            "detail": {key: float(value) for key, value in detail.items()}}


def report(model: dict, members, member_target, held_out, held_target) -> dict:
    """All rules over arrays of features and their targets (`None` for clusters)."""
    count = parameters(model)
    left, share = len(members) - count, count / max(len(members), 1)
    return {
        "kind": model["kind"], "members": len(members), "held_out": len(held_out),
        "rules": [
            membership(model, members, member_target, held_out, held_target),
            memorised(model, members, member_target),
            unique_leaves(model, members),
            rule("degrees_of_freedom", left, FREEDOM_AT_LEAST, left >= FREEDOM_AT_LEAST, parameters=count),
            rule("parameter_share", share, PARAMETERS_AT_MOST, share <= PARAMETERS_AT_MOST, parameters=count),
        ],
    }


def usable(table, features: list[str], target: str | None, fitted: bool = False):
    """Features and targets of the rows that have all of them: of the others a model says nothing. Of rows that it was
    `fitted` on there must be enough with each indicator."""
    import numpy

    rows = design(table, features)
    whole = numpy.isfinite(rows).all(axis=1)
    if target:
        whole &= table[target].notna().to_numpy()
    if fitted:
        enough_of_each(rows[whole], features, table.columns)
    return rows[whole], (table[target].to_numpy()[whole] if target else None)


def main() -> None:
    """Reads the inputs of a check, writes `risk.json`: the report, or the code of why there is none."""
    model = json.loads(Path(IN, "model.json").read_text())
    target = json.loads(Path(IN, "check.json").read_text())["target"]
    try:
        members = usable(read("members"), model["features"], target, fitted=True)
        held_out = usable(read("held_out"), model["features"], target)
    except FeaturesRefused as refused:
        write_text("risk.json", {"refused": str(refused)})
        return
    write_text("risk.json", report(model, *members, *held_out))
