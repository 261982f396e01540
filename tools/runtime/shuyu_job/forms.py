"""Fitted models as JSON of declared structure, and answers from that JSON.

Accepted: linear and logistic regression, trees and forests, k-means. A model that stores records of those it was
fitted on (nearest neighbours, support vectors, Gaussian processes) has no form here and is refused, as SACRO-ML does.
"""


# Fewest rows of those a model was fitted on that have an indicator, and that lack it: the rule for leaves
# (`risk.LEAF_AT_LEAST`), since a coefficient of fewer is a figure about them.
ROWS_AT_LEAST = 5


class ModelRefused(ValueError):
    """This kind of model may not leave."""


class FeaturesRefused(ModelRefused):
    """Its features may not. The text is a stable code and never a value of a table: feature names can be values."""


def _numbers(array) -> list:
    return [float(x) for x in array]


def _tree(fitted, classes: int) -> dict:
    tree = fitted.tree_
    values = tree.value[:, 0, :]
    if classes:
        values = values / values.sum(axis=1, keepdims=True)
    return {
        "left": [int(x) for x in tree.children_left], "right": [int(x) for x in tree.children_right],
        "feature": [int(x) for x in tree.feature], "threshold": _numbers(tree.threshold),
        "value": [_numbers(row) for row in values],
    }


def export(estimator, features: list[str]) -> dict:
    """The model as data. Raises ModelRefused for a kind that has no form."""
    kind = type(estimator).__name__
    classes = [str(c) for c in getattr(estimator, "classes_", [])]
    if kind in ("LinearRegression", "Ridge", "Lasso", "ElasticNet"):
        return {"kind": "linear", "features": list(features), "coefficients": _numbers(estimator.coef_),
                "intercept": float(estimator.intercept_)}
    if kind == "LogisticRegression":
        return {"kind": "logistic", "features": list(features), "classes": classes,
                "coefficients": [_numbers(row) for row in estimator.coef_],
                "intercepts": _numbers(estimator.intercept_)}
    if kind in ("DecisionTreeClassifier", "DecisionTreeRegressor"):
        return {"kind": "trees", "features": list(features), "classes": classes,
                "trees": [_tree(estimator, len(classes))]}
    if kind in ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"):
        return {"kind": "trees", "features": list(features), "classes": classes,
                "trees": [_tree(tree, len(classes)) for tree in estimator.estimators_]}
    if kind == "KMeans":
        return {"kind": "centres", "features": list(features),
                "centres": [_numbers(row) for row in estimator.cluster_centers_]}
    raise ModelRefused(f"a {kind} has no form that may leave")


def column_of(feature: str, columns) -> str | None:
    """The column that a feature is made of: itself, or what stands before the first `=`."""
    if feature in columns:
        return feature
    column, value, _ = feature.partition("=")
    return column if value and column in columns else None


def design(table, features: list[str]):
    """The features of each row as numbers; not a number where one is missing. Raises FeaturesRefused for a feature that
    is named twice, KeyError for one that is no column of the table, ValueError for a text that is used as a number."""
    import numpy

    if len(set(features)) != len(features):
        raise FeaturesRefused("model_feature_repeated")
    made = numpy.empty((len(table), len(features)))
    for i, feature in enumerate(features):
        if feature in table.columns:
            made[:, i] = table[feature].astype(float).to_numpy()
            continue
        column = column_of(feature, table.columns)
        if column is None:
            raise KeyError(feature)
        # Written as pandas writes it, so that the name of an indicator finds its value; what is missing has no value.
        made[:, i] = (table[column].astype(str) == feature[len(column) + 1:]) & table[column].notna()
    return made


def enough_of_each(rows, features: list[str], columns) -> None:
    """Raises FeaturesRefused for an indicator that fewer than five rows have, or that all but fewer than five have.

    What nobody has moves no answer, so its coefficient can be any number, one of a record among them. What everybody
    has is another constant, and tells of nobody.
    """
    for i, feature in enumerate(features):
        if feature in columns:
            continue
        have = int((rows[:, i] == 1).sum())
        if have < ROWS_AT_LEAST or 0 < len(rows) - have < ROWS_AT_LEAST:
            raise FeaturesRefused("model_feature_of_few")


def leaves(tree: dict, rows):
    """Index of the leaf that each row falls into."""
    import numpy

    left, right = numpy.array(tree["left"]), numpy.array(tree["right"])
    feature, threshold = numpy.array(tree["feature"]), numpy.array(tree["threshold"])
    at = numpy.zeros(len(rows), dtype=int)
    while (inner := left[at] != -1).any():
        node = at[inner]
        goes_left = rows[inner, feature[node]] <= threshold[node]
        at[inner] = numpy.where(goes_left, left[node], right[node])
    return at


def answers(model: dict, rows):
    """What the model says: shares per class, or numbers; for centres the distance to the nearest."""
    import numpy

    kind = model["kind"]
    if kind == "linear":
        return rows @ numpy.array(model["coefficients"]) + model["intercept"]
    if kind == "logistic":
        scores = rows @ numpy.array(model["coefficients"]).T + numpy.array(model["intercepts"])
        if scores.shape[1] == 1:
            scores = numpy.hstack([numpy.zeros_like(scores), scores])
        scores = numpy.exp(scores - scores.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True)
    if kind == "trees":
        every = [numpy.array(tree["value"], dtype=float)[leaves(tree, rows)] for tree in model["trees"]]
        mean = sum(every) / len(every)
        return mean if model["classes"] else mean[:, 0]
    if kind == "centres":
        centres = numpy.array(model["centres"])
        return numpy.sqrt(((rows[:, None, :] - centres[None]) ** 2).sum(axis=2)).min(axis=1)
    raise ModelRefused(f"no kind of model: {kind}")
