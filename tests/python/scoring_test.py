"""reidbench.score and score_trackers against TrackEval's numbers."""
import json
import math
import pathlib
import tempfile
import unittest
import warnings

import numpy as np

import reidbench
from common import GOLDEN

FUZZ = GOLDEN / "mot" / "fuzz"


def expect_equal(test, found, expected):
    """Fields of one sequence or of all against TrackEval's, by family."""
    compared = 0
    for family, fields in expected.items():
        for name, value in fields.items():
            if isinstance(value, list):
                test.assertAlmostEqual(found[name], float(np.mean(value)), delta=1e-9, msg=f"{family} {name}")
                np.testing.assert_allclose(found[name + "_alpha"], value, atol=1e-9, rtol=1e-9, err_msg=f"{family} {name}")
            elif value is not None:
                test.assertIsNotNone(found[name], f"{family} {name}")
                test.assertAlmostEqual(found[name], value, delta=1e-9 * max(1, abs(value)), msg=f"{family} {name}")
            compared += 1
    test.assertGreater(compared, 30)


class ScoreFiles(unittest.TestCase):
    def test_equals_trackeval(self):
        for benchmark in ("MOT15", "MOT17", "MOT20"):
            with self.subTest(benchmark):
                expected = json.loads((FUZZ / "expected" / f"{benchmark}.json").read_text())["results"]
                scores = reidbench.score(FUZZ / "gt" / "mot_challenge",
                                         FUZZ / "trackers" / "mot_challenge" / f"{benchmark}-train" / "degraded", benchmark=benchmark)
                self.assertEqual((scores.tracker, scores.class_name), ("degraded", "pedestrian"))
                expect_equal(self, scores.combined, expected.pop("COMBINED_SEQ"))
                self.assertEqual(set(scores.sequences), set(expected))
                for name, fields in expected.items():
                    expect_equal(self, scores.sequences[name], fields)
                self.assertIsInstance(scores["IDSW"], int)
                json.dumps(scores.to_dict(), allow_nan=False)

    def test_several_trackers_need_to_be_asked_for(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "gt.txt").write_text("1,1,0,0,10,10,1,1,1\n2,1,0,0,10,10,1,1,1\n")
            (folder / "good.txt").write_text("1,1,0,0,10,10,1\n2,1,0,0,10,10,1\n")
            (folder / "bad.txt").write_text("1,1,0,0,10,10,1\n2,2,0,0,10,10,1\n")
            scores = reidbench.score_trackers(folder / "gt.txt", [folder / "bad.txt", str(folder / "good.txt")])
            self.assertEqual([s["IDSW"] for s in scores], [0, 1])
            self.assertIn("HOTA=100.00", repr(scores[0]))
            with self.assertRaisesRegex(reidbench.InputError, "tracks: expected results of one tracker and class"):
                reidbench.score(folder / "gt.txt", [folder / "bad.txt", folder / "good.txt"])

    def test_names_what_is_wrong(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "gt.txt").write_text("1,1,0,0,10,10,1,1,1\n")
            (folder / "odd.txt").write_text("1,x,0,0,10,10,1\n")
            with self.assertRaises(reidbench.IoError) as caught:
                reidbench.score(folder / "gt.txt", folder / "none.txt")
            self.assertIn("none.txt", str(caught.exception))
            self.assertIsInstance(caught.exception, OSError)
            with self.assertRaisesRegex(reidbench.InputError, "odd.txt:1: expected a number"):
                reidbench.score(folder / "gt.txt", folder / "odd.txt")
            with self.assertRaisesRegex(reidbench.InputError, "unknown benchmark 'MOT77'"):
                reidbench.score(folder / "gt.txt", folder / "odd.txt", benchmark="MOT77")
            with self.assertRaisesRegex(reidbench.InputError, "frame_count: expected None"):
                reidbench.score(folder / "gt.txt", folder / "odd.txt", frame_count=3)
            with self.assertRaisesRegex(reidbench.InputError, "tracks: expected a file or folder"):
                reidbench.score(folder / "gt.txt", np.ones((1, 6)))


class ScoreArrays(unittest.TestCase):
    def test_equals_the_files(self):
        root = FUZZ / "gt" / "mot_challenge" / "MOT17-train"
        tracks = FUZZ / "trackers" / "mot_challenge" / "MOT17-train" / "degraded" / "data"
        expected = json.loads((FUZZ / "expected" / "MOT17.json").read_text())["results"]
        gt, results, lengths = {}, {}, {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for folder in sorted(root.iterdir()):
                gt[folder.name] = reidbench.read_mot(folder / "gt" / "gt.txt", "gt")
                results[folder.name] = reidbench.read_mot(tracks / f"{folder.name}.txt")
                info = (folder / "seqinfo.ini").read_text()
                lengths[folder.name] = int(info.split("seqLength=")[1].split()[0])
        self.assertEqual(len(gt), 30)
        scores = reidbench.score(gt, results, benchmark="MOT17", frame_count=lengths)
        expect_equal(self, scores.combined, expected.pop("COMBINED_SEQ"))
        for name, fields in expected.items():
            expect_equal(self, scores.sequences[name], fields)

    def test_by_hand(self):
        # One person in two frames, another one in the first only; the tracker loses the first one's identity.
        gt = [[1, 1, 0, 0, 10, 10], [2, 1, 0, 0, 10, 10], [1, 2, 50, 0, 10, 10]]
        tracks = np.array([[1, 7, 0, 0, 10, 10], [2, 8, 0, 0, 10, 10]])
        scores = reidbench.score(gt, tracks)
        self.assertEqual([scores[f] for f in ("CLR_TP", "CLR_FN", "CLR_FP", "IDSW")], [2, 1, 0, 1])
        self.assertAlmostEqual(scores["MOTA"], 1 - 2 / 3)
        self.assertAlmostEqual(scores["IDF1"], 2 * 1 / (3 + 2))
        # DetA = 2/3; each of the two matches has A(c) = 1 / (2 + 1 - 1).
        self.assertAlmostEqual(scores["HOTA"], math.sqrt(2 / 3 * 1 / 2))
        self.assertEqual(scores["HOTA_alpha"].shape, (19,))
        # A row that does not count.
        marked = [row + [float(row[1] != 2)] for row in gt]
        self.assertEqual(reidbench.score(marked, tracks)["CLR_FN"], 0)
        self.assertEqual(reidbench.score(gt, tracks, frame_count=9)["CLR_Frames"], 9)
        with self.assertRaisesRegex(KeyError, "no field 'hota'; there are HOTA"):
            scores["hota"]

    def test_layouts_and_types(self):
        random = np.random.default_rng(0)
        gt = np.column_stack([np.repeat(np.arange(1, 11), 3), np.tile([1, 2, 3], 10), random.integers(0, 100, (30, 2)),
                              random.integers(20, 60, (30, 2))])
        tracks = gt + [0, 0, 3, 2, 1, 0]
        expected = reidbench.score(gt, tracks).to_dict()
        self.assertGreater(expected["combined"]["HOTA"], 0)
        for other in (np.asfortranarray(tracks), tracks.astype(np.float32), np.repeat(tracks, 2, axis=0)[::2], tracks.tolist()):
            self.assertEqual(reidbench.score(gt, other).to_dict(), expected)

    def test_nothing_tracked(self):
        scores = reidbench.score([[1, 1, 0, 0, 10, 10]], [])
        self.assertEqual((scores["CLR_FN"], scores["IDF1"], scores["HOTA"]), (1, 0, 0))
        scores = reidbench.score(np.empty((0, 6)), np.empty((0, 9)), frame_count=2)
        self.assertEqual(scores["Dets"], 0)

    def test_names_what_is_wrong(self):
        good = [[1, 1, 0, 0, 10, 10]]
        for gt, tracks, message in (
                (good, [[1, 1, 0, 0, 10]], "tracks: expected rows of frame, id, left"),
                (None, good, "gt: expected rows of frame, id, left"),
                (good, [[1, 1, 0, 0, 10, 10], [1, 2.5, 0, 0, 10, 10]], "tracks of sequence sequence, row:2: expected an integral id"),
                (good, [[0, 1, 0, 0, 10, 10]], "tracks of sequence sequence, row:1"),
                (good, [[1, -1, 0, 0, 10, 10]], "id >= 0"),
                (good, [[1, 1, np.nan, 0, 10, 10]], "row:1"),
                (good, [[1, 1, 0, 0, 10, 10], [1, 1, 5, 0, 10, 10]], "1"),
                (good, {"sequence": good}, "tracks: expected rows of every sequence"),
                ({"a": good}, {"b": good}, "tracks: expected the sequences of gt (a), found b"),
                ({}, {}, "gt: expected at least one sequence")):
            with self.subTest(message), self.assertRaises(reidbench.InputError) as caught:
                reidbench.score(gt, tracks)
            self.assertIn(message, str(caught.exception))
        with self.assertRaisesRegex(reidbench.InputError, "unknown benchmark"):
            reidbench.score(good, good, benchmark="MOT77")


if __name__ == "__main__":
    unittest.main()
