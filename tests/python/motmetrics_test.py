"""reidbench.compat.motmetrics: numbers that py-motmetrics prints, and counts by hand."""
import math
import unittest

import numpy as np

import reidbench
import reidbench.compat.motmetrics as mm


def compute(acc, metrics=None):
    return mm.metrics.create().compute(acc, metrics=metrics, return_dataframe=False)


class Accumulator(unittest.TestCase):
    def test_the_example_of_its_documentation(self):
        acc = mm.MOTAccumulator(auto_id=True)
        acc.update([1, 2], [1, 2, 3], [[0.1, np.nan, 0.3], [0.5, 0.2, 0.3]])
        acc.update([1, 2], [1], [[0.2], [0.4]])
        acc.update([1, 2], [1, 3], [[0.6, 0.2], [0.1, 0.6]])
        found = compute(acc, ["num_frames", "mota", "motp", "num_switches", "num_misses", "num_false_positives"])
        self.assertEqual(found["num_frames"], 3)
        self.assertAlmostEqual(found["mota"], 0.5)
        self.assertAlmostEqual(found["motp"], 0.34)
        self.assertEqual([found[k] for k in ("num_switches", "num_misses", "num_false_positives")], [1, 1, 1])

    def test_names_of_any_kind_and_large_distances(self):
        acc = mm.MOTAccumulator()
        points = mm.distances.norm2squared_matrix([[0, 0], [10, 0]], [[0, 3], [10, 4], [500, 0]], max_d2=100)
        np.testing.assert_array_equal(points, [[9, np.nan, np.nan], [np.nan, 16, np.nan]])
        acc.update(["ann", "bob"], ["x", "y", "z"], points, frameid="first")
        acc.update(["ann"], [], [], frameid="second")
        acc.update([], ["y"], [], frameid=3)
        found = compute(acc)
        self.assertEqual([found[k] for k in ("num_misses", "num_false_positives", "num_unique_objects")], [1, 2, 2])
        self.assertAlmostEqual(found["motp"], 12.5)
        self.assertAlmostEqual(found["idf1"], 2 * 2 / (3 + 4))
        acc.reset()
        self.assertEqual(compute(acc, ["num_frames"]), {"num_frames": 0})
        self.assertTrue(math.isnan(compute(acc, ["mota"])["mota"]))

    def test_iou(self):
        distances = mm.distances.iou_matrix([[0, 0, 10, 10]], [[0, 0, 10, 10], [5, 0, 10, 10], [50, 0, 10, 10]], max_iou=0.7)
        np.testing.assert_allclose(distances, [[0, 2 / 3, np.nan]])
        self.assertEqual(mm.distances.iou_matrix([], [[0, 0, 1, 1]]).shape, (0, 1))

    def test_several(self):
        accs = [mm.MOTAccumulator(auto_id=True) for _ in range(2)]
        for acc in accs:
            acc.update([1], [1], [[0.25]])
        rows = mm.metrics.create().compute_many(accs, ["mota"])
        self.assertEqual([row for row in (rows["mota"] if hasattr(rows, "index") and not isinstance(rows, list) else
                                          [r["mota"] for r in rows])], [1, 1])

    def test_names_what_is_wrong(self):
        for arguments, message in ((([1], [1, 2], [[0.1]]), "dists: expected 1 x 2 distances, one for each of oids and hids, found 1 x 1"),
                                   (([1, 1], [1], [[0.1], [0.2]]), "oids: expected each identity once a frame, found 1 twice"),
                                   (([1], [1], [[-1]]), "dists: expected numbers from 0 on"),
                                   (([1], [1], [["a"]]), "dists: expected"),
                                   (([1], [1], [[0.1]], 7), "frameid: expected None with auto_id")):
            with self.subTest(message), self.assertRaises(reidbench.InputError) as caught:
                mm.MOTAccumulator(auto_id=True).update(*arguments)
            self.assertIn(message, str(caught.exception))
        acc = mm.MOTAccumulator()
        acc.update([1], [1], [[0.1]], frameid=1)
        with self.assertRaisesRegex(reidbench.InputError, "found 1 again"):
            acc.update([1], [1], [[0.1]], frameid=1)
        with self.assertRaisesRegex(reidbench.InputError, "metrics: expected names of .*found 'num_transfer'"):
            compute(acc, ["num_transfer"])


if __name__ == "__main__":
    unittest.main()
