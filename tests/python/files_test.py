"""read_mot, write_mot, read_features and write_features."""
import pathlib
import tempfile
import unittest
import warnings

import numpy as np

import reidbench
from common import GOLDEN


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Mot(InFolder):
    def test_reads_what_it_writes(self):
        rows = np.array([[2, 5, 0.1, 1 / 3, 10.5, 20, 0.75], [1, 7, -3, 4, 5, 6, 1]])
        path = self.folder / "tracks.txt"
        reidbench.write_mot(path, rows)
        self.assertEqual(path.read_text().splitlines()[1], "1,7,-3,4,5,6,1,-1,-1,-1")
        read = reidbench.read_mot(path)
        self.assertEqual(read.shape, (2, 9))
        np.testing.assert_array_equal(read[:, :7], rows)
        np.testing.assert_array_equal(read[:, 7], [-1, -1])
        with self.assertRaisesRegex(reidbench.InputError, "tracks.txt"):
            reidbench.write_mot(path, rows)
        reidbench.write_mot(path, rows[:1, :6], overwrite=True)
        np.testing.assert_array_equal(reidbench.read_mot(path)[0, :7], [*rows[0, :6], 1])
        reidbench.write_mot(str(self.folder / "empty.txt"), [])
        self.assertEqual(reidbench.read_mot(self.folder / "empty.txt").shape, (0, 9))

    def test_ground_truth_has_classes_and_visibility(self):
        path = self.folder / "gt.txt"
        path.write_text("1,1,0,0,10,10,1,7,0.25\n")
        np.testing.assert_array_equal(reidbench.read_mot(path, "gt")[0, 6:], [1, 7, 0.25])

    def test_oddities_are_warnings(self):
        path = self.folder / "odd.txt"
        path.write_text("1,1,0,0,10,10,1\n2,1,0,0,0,10,1\n")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            reidbench.read_mot(path)
        self.assertEqual(len(caught), 1)
        self.assertIn("odd.txt:2", str(caught[0].message))

    def test_names_what_is_wrong(self):
        path = self.folder / "bad.txt"
        path.write_text("1,1,0,0,10,10,1\n1,y,0,0,10,10,1\n")
        with self.assertRaisesRegex(reidbench.InputError, "bad.txt:2: expected a number"):
            reidbench.read_mot(path)
        with self.assertRaisesRegex(reidbench.InputError, "kind: expected 'gt', 'tracks' or 'detections', found 'x'"):
            reidbench.read_mot(path, "x")
        with self.assertRaises(reidbench.IoError):
            reidbench.read_mot(self.folder / "none.txt")
        with self.assertRaises(TypeError):
            reidbench.read_mot(None)
        with self.assertRaisesRegex(reidbench.InputError, "row:1: expected an integral frame"):
            reidbench.write_mot(self.folder / "x.txt", [[1.5, 1, 0, 0, 1, 1]])
        with self.assertRaises(reidbench.IoError):
            reidbench.write_mot(self.folder / "no" / "x.txt", [[1, 1, 0, 0, 1, 1]])
        self.assertEqual([p.name for p in self.folder.iterdir()], ["bad.txt"])


class Features(InFolder):
    def labels(self, n=6):
        return dict(person_id=np.arange(n) - 1, camera_id=[1] * n, split=["query", "gallery"] * (n // 2))

    def test_reads_what_it_writes(self):
        features = np.random.default_rng(0).standard_normal((6, 5)).astype(np.float32)
        path = self.folder / "features.h5"
        reidbench.write_features(path, features, **self.labels(), paths=list("abcdef"),
                                 provenance={"architecture": "osnet_x0_25", "normalized": True})
        read = reidbench.read_features(path)
        np.testing.assert_array_equal(read.features, features)
        np.testing.assert_array_equal(read.person_id, np.arange(6) - 1)
        self.assertEqual((read.split, read.path), (self.labels()["split"], list("abcdef")))
        self.assertEqual((read.provenance["architecture"], read.provenance["normalized"]), ("osnet_x0_25", True))
        self.assertIsNone(read.track_id)
        np.testing.assert_array_equal(read.features[read.part("query")], features[::2])
        self.assertEqual(repr(read), "Features(6 x 5, osnet_x0_25)")
        with self.assertRaisesRegex(reidbench.InputError, "features.h5"):
            reidbench.write_features(path, features, **self.labels())
        # What was read is written again.
        again = self.folder / "again.h5"
        reidbench.write_features(again, read.features, person_id=read.person_id, camera_id=read.camera_id, split=read.split,
                                 paths=read.path, provenance=read.provenance)
        self.assertEqual(again.read_bytes(), path.read_bytes())

    def test_crops_of_tracks(self):
        path = self.folder / "crops.h5"
        boxes = np.arange(12.0).reshape(3, 4) + 1
        reidbench.write_features(path, np.ones((3, 2)), frame=[1, 1, 2], track_id=[4, 5, 4], box_ltwh=boxes, half=True)
        read = reidbench.read_features(path)
        np.testing.assert_array_equal(read.box_ltwh, boxes)
        np.testing.assert_array_equal(read.frame, [1, 1, 2])
        np.testing.assert_array_equal(read.track_id, [4, 5, 4])
        self.assertIsNone(read.person_id)
        with self.assertRaisesRegex(reidbench.InputError, "split: expected labels"):
            read.part("query")

    def test_reads_others_files(self):
        read = reidbench.read_features(GOLDEN / "features" / "minimal.h5")
        self.assertEqual(read.features.dtype, np.float32)
        self.assertEqual(len(read.person_id), len(read.features))
        for name in ("nan.h5", "ragged.h5", "bad_split.h5"):
            with self.assertRaisesRegex(reidbench.InputError, name):
                reidbench.read_features(GOLDEN / "features" / name)

    def test_names_what_is_wrong(self):
        path, good = self.folder / "x.h5", np.ones((6, 2))
        nan = good.copy()
        nan[1, 1] = np.nan
        for features, change, message in (
                (good, dict(split=None), "labels: expected person_id, camera_id and split"),
                (good, dict(split=["query"]), "split: expected 6 words, one a row of features, found 1"),
                (good, dict(split=["probe"] * 6), "split: expected 'train', 'val', 'query', 'gallery' or 'none', found 'probe'"),
                (good, dict(person_id=[1, 2]), "person_id: expected 6 integers"),
                (good, dict(box_ltwh=[[1, 2, 3, 4]]), "box_ltwh: expected 6 boxes"),
                (good, dict(provenance={"netwrok": "x"}), "provenance: expected fields"),
                (good[:0], {}, "features: expected rows"),
                (nan, {}, "NaN")):
            with self.subTest(message), self.assertRaises(reidbench.InputError) as caught:
                reidbench.write_features(path, features, **{**self.labels(), **change})
            self.assertIn(message, str(caught.exception))
        self.assertEqual(list(self.folder.iterdir()), [])
        with self.assertRaises(reidbench.IoError):
            reidbench.read_features(path)


if __name__ == "__main__":
    unittest.main()
