"""Tests of shuyu_job on the packages of a built runtime: `python3 test_shuyu_job.py RUNTIME`."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Forms(unittest.TestCase):
    """A model and its JSON give the same answers."""

    def setUp(self):
        import numpy

        chance = numpy.random.default_rng(3)
        self.x = chance.normal(size=(400, 3))
        self.y = (self.x[:, 0] > 0.2 * self.x[:, 1]).astype(int) + (self.x[:, 2] > 1)
        self.names = ["a", "b", "c"]

    def same(self, estimator, method: str):
        import numpy
        from shuyu_job.forms import answers, export

        data = json.loads(json.dumps(export(estimator, self.names)))
        x = self.x.astype("float32").astype(float)
        self.assertTrue(numpy.allclose(answers(data, x), getattr(estimator, method)(x), atol=1e-6))

    def test_every_form(self):
        from sklearn.cluster import KMeans
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
        from sklearn.linear_model import LinearRegression, LogisticRegression
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        for kind in (LogisticRegression(), DecisionTreeClassifier(max_depth=4), RandomForestClassifier(5)):
            self.same(kind.fit(self.x, self.y), "predict_proba")
            self.same(kind.fit(self.x, self.y > 0), "predict_proba")
        for kind in (LinearRegression(), DecisionTreeRegressor(max_depth=4), RandomForestRegressor(5)):
            self.same(kind.fit(self.x, self.x[:, 0]), "predict")
        from shuyu_job.forms import answers, export

        clusters = KMeans(3, n_init=1, random_state=0).fit(self.x)
        nearest = clusters.transform(self.x).min(axis=1)
        self.assertTrue(abs(answers(export(clusters, self.names), self.x) - nearest).max() < 1e-6)

    def test_what_stores_records_is_refused(self):
        from shuyu_job.forms import ModelRefused, export
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.svm import SVC

        for kind in (KNeighborsClassifier(), SVC()):
            with self.assertRaises(ModelRefused):
                export(kind.fit(self.x, self.y), self.names)


    def test_features_are_made_of_columns(self):
        import numpy
        import pandas
        from shuyu_job.forms import design
        from shuyu_job.risk import usable

        table = pandas.DataFrame({"n": [1, 2, 3], "size": ["a", None, "b=c"], "x=y": [True, False, True],
                                  "hit": [1.0, None, 0.0]})
        made = design(table, ["n", "size=a", "size=b=c", "x=y", "n=3"])
        self.assertEqual(made.tolist(), [[1, 1, 0, 1, 0], [2, 0, 0, 0, 0], [3, 0, 1, 1, 1]])
        rows, target = usable(table, ["n"], "hit")
        self.assertEqual((rows[:, 0].tolist(), target.tolist()), ([1, 3], [1, 0]))
        self.assertTrue(numpy.isnan(design(pandas.DataFrame({"n": [None, 1.0]}), ["n"])[0, 0]))
        for feature, error in (("gone", KeyError), ("gone=1", KeyError), ("size", ValueError)):
            with self.assertRaises(error):
                design(table, [feature])


    def test_a_feature_speaks_of_enough_rows_and_once(self):
        import pandas
        from shuyu_job.forms import FeaturesRefused, design
        from shuyu_job.risk import usable

        table = pandas.DataFrame({"n": range(20), "size": ["a"] * 4 + ["b"] * 16, "kind": ["x"] * 20,
                                  "hit": [1.0] * 9 + [None] * 11})
        with self.assertRaisesRegex(FeaturesRefused, "^model_feature_repeated$"):
            design(table, ["n", "n"])
        # Four have it; all but four have it; nobody has it; of those with a target four have it.
        for feature, target in (("size=a", None), ("size=b", None), ("size=c", None), ("n=3", None)):
            with self.assertRaisesRegex(FeaturesRefused, "^model_feature_of_few$"):
                usable(table, [feature], target, fitted=True)
        five = table.assign(size=["a"] * 5 + ["b"] * 15)
        self.assertEqual(len(usable(five, ["size=a", "size=b", "kind=x", "n"], None, fitted=True)[0]), 20)
        with self.assertRaises(FeaturesRefused):
            usable(five, ["size=b"], "hit", fitted=True)
        # Of rows it never saw there may be as few as there are.
        self.assertEqual(len(usable(table, ["size=c"], "hit")[0]), 9)


class Risk(unittest.TestCase):
    """Known figures of the attack."""

    def dump(self, features):
        """A linear model whose coefficients are raw wages, over features that move no answer."""
        import numpy
        import pandas

        chance = numpy.random.default_rng(5)
        people = pandas.DataFrame({"size": chance.choice(["small", "large"], 4000),
                                   "wage": numpy.round(chance.normal(6000, 900, 4000), 2)})
        wages = people["wage"][:500].tolist()
        model = {"kind": "linear", "features": features, "coefficients": wages, "intercept": 6000.0}
        return model, people[:3000], people[3000:]

    def test_a_dump_of_wages_that_no_figure_notices_is_refused_by_its_features(self):
        from shuyu_job.forms import FeaturesRefused
        from shuyu_job.risk import report, usable

        model, members, held_out = self.dump([f"size={n}x" for n in range(500)])
        rows, target = usable(members, model["features"], "wage")
        found = report(model, rows, target, *usable(held_out, model["features"], "wage"))
        self.assertTrue(all(rule["passes"] for rule in found["rules"]), found)
        self.assertIsNone(found["rules"][1]["figure"], "no figure is not a figure of nought")
        with self.assertRaisesRegex(FeaturesRefused, "^model_feature_of_few$"):
            usable(members, model["features"], "wage", fitted=True)
        model, members, held_out = self.dump(["size=small"] * 500)
        with self.assertRaisesRegex(FeaturesRefused, "^model_feature_repeated$"):
            usable(members, model["features"], "wage", fitted=True)

    def test_auc_and_its_interval(self):
        from shuyu_job.risk import auc

        self.assertEqual(auc([0, 1], [2, 3])[0], 1.0)
        self.assertEqual(auc([2, 3], [0, 1])[0], 0.0)
        a, low, high = auc([1] * 50, [1] * 50)
        self.assertEqual(a, 0.5)
        # Hanley and McNeil (1982): standard error for A = 0.5, 50 and 50.
        self.assertAlmostEqual(high - low, 2 * 1.96 * ((0.25 + 98 * (1 / 3 - 0.25)) / 2500) ** 0.5, places=9)

    def test_counts_of_parameters(self):
        from shuyu_job.risk import parameters

        self.assertEqual(parameters({"kind": "linear", "coefficients": [1, 2, 3]}), 4)
        self.assertEqual(parameters({"kind": "trees", "trees": [{"left": [1, -1, -1]}]}), 3)


class Outputs(unittest.TestCase):
    """Pictures are pictures, tables are tables."""

    def test_written_files(self):
        import pandas
        import shuyu_job.outputs as outputs

        with tempfile.TemporaryDirectory() as folder:
            outputs.OUT = Path(folder)
            outputs.write_bars("b.png", [1, 2, 0])
            outputs.write_lines("l.png", [[1, 2, 3], [3]])
            outputs.write_table("t.csv", pandas.DataFrame({"a": [1]}), index=False)
            for name in ("b.png", "l.png"):
                self.assertEqual((Path(folder) / name).read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
            self.assertEqual((Path(folder) / "t.csv").read_text(), "a\n1\n")


if __name__ == "__main__":
    runtime = Path(sys.argv.pop(1))
    version = json.loads((runtime / "runtime.json").read_text())["python"]
    sys.path[:0] = [str(HERE), str(runtime / "usr" / "lib" / f"python{version}" / "site-packages")]
    sys.dont_write_bytecode = True
    unittest.main()
