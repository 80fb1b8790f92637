"""reidbench.Tracker and relink."""
import json
import math
import threading
import unittest

import numpy as np

import reidbench
from common import GOLDEN


def detections_by_frame():
    """Of golden/trackers/detections.txt: [n x 6] a frame, class 10 + row."""
    rows = reidbench.read_mot(GOLDEN / "trackers" / "detections.txt", "detections")
    frames = []
    for frame in range(1, int(rows[:, 0].max()) + 1):
        seen = rows[rows[:, 0] == frame]
        corners = np.column_stack([seen[:, 2:4], seen[:, 2:4] + seen[:, 4:6]])
        frames.append(np.column_stack([corners, seen[:, 6], 10 + np.arange(len(seen))]))
    return frames


def motion_into(frame):
    """The camera's motion that tests/tracking/tracker_test.cc makes up."""
    zoom, turn = 1 + 0.01 * math.sin(0.7 * frame), 0.008 * math.sin(0.4 * frame)
    return [[zoom, -turn, 4 * math.sin(0.9 * frame)], [turn, zoom, 3 * math.cos(1.1 * frame)]]


def looks_of(dets):
    heights = dets[:, 3] - dets[:, 1]
    return np.stack([f(wave * heights) for wave in (0.03, 0.06, 0.09, 0.12) for f in (np.cos, np.sin)], axis=1).astype(np.float32)


class Trackers(unittest.TestCase):
    def expect_golden(self, file, tracker, looks=False, camera=False):
        expected = [line.split(",")[:6] for line in (GOLDEN / "trackers" / file).read_text().splitlines()]
        found = []
        for frame, dets in enumerate(detections_by_frame(), 1):
            tracks = tracker.update(dets, looks_of(dets) if looks else None, motion_into(frame) if camera and frame > 1 else None)
            self.assertEqual(tracks.shape[1], 8)
            for x1, y1, x2, y2, id, conf, cls, index in tracks:
                found.append([str(frame), str(int(id)), *(f"{v:.2f}" for v in (x1, y1, x2 - x1, y2 - y1))])
                if index >= 0:
                    self.assertEqual((conf, cls), (dets[int(index), 4], dets[int(index), 5]))
        self.assertGreater(len(expected), 200)
        self.assertEqual(len(found), len(expected))
        for row, (ours, theirs) in enumerate(zip(found, expected)):
            self.assertEqual(ours[:2], theirs[:2], f"row {row}")
            # Corners and back may round the last digit otherwise.
            np.testing.assert_allclose([float(v) for v in ours[2:]], [float(v) for v in theirs[2:]], atol=0.0101, err_msg=f"row {row}")

    def test_equal_the_authors_programs(self):
        for file, name, options in (("sort.txt", "sort", {}), ("sort30.txt", "sort", {"max_age": 30}), ("bytetrack.txt", "bytetrack", {}),
                                    ("ocsort.txt", "ocsort", {})):
            with self.subTest(file):
                self.expect_golden(file, reidbench.Tracker(name, **options))

    def test_equal_the_authors_programs_with_looks_and_camera(self):
        for name in ("botsort", "strongsort", "deepocsort", "hybridsort"):
            with self.subTest(name):
                self.expect_golden(f"{name}_reid_cmc.txt", reidbench.Tracker(name), looks=True, camera=True)

    def test_det_index_is_the_detection(self):
        for info in reidbench.trackers():
            tracker = reidbench.Tracker(info.name)
            with self.subTest(info.name):
                seen = 0
                for dets in detections_by_frame():
                    tracks = tracker.update(dets, looks_of(dets) if info.needs_features else None)
                    indices = tracks[:, 7].astype(int)
                    self.assertEqual(len(set(indices[indices >= 0])), (indices >= 0).sum())
                    for row in tracks[indices >= 0]:
                        det = dets[int(row[7])]
                        overlap = np.minimum(row[2:4], det[2:4]) - np.maximum(row[:2], det[:2])
                        self.assertTrue((overlap > 0).all())
                        seen += 1
                    self.assertTrue((np.diff(tracks[:, 4]) > 0).all())
                self.assertGreater(seen, 100)

    def test_empty_frames_and_layouts(self):
        tracker = reidbench.Tracker("sort", min_hits=0)
        dets = np.array([[0, 0, 10, 30, 0.9, 3]])
        for empty in ([], np.empty((0, 6)), np.empty((0, 6), np.float32)):
            self.assertEqual(tracker.update(empty).shape, (0, 8))
        for value in (dets, np.asfortranarray(dets), dets.astype(np.float32), dets.tolist(), np.repeat(dets, 2, axis=1)[:, ::2]):
            tracks = tracker.update(value)
            np.testing.assert_allclose(tracks[0, [4, 5, 6, 7]], [1, 0.9, 3, 0], rtol=1e-6)
        self.assertEqual((tracker.name, tracker.frame), ("sort", 8))
        self.assertEqual(repr(tracker), "Tracker('sort', after 8 frames)")

    def test_names_what_is_wrong(self):
        dets = [[0, 0, 10, 30, 0.9, 3]]
        for arguments, message in (
                (([[0, 0, 10, 30, 0.9]],), "dets: expected rows of x1, y1, x2, y2, confidence, class, found 1 x 5 of float64"),
                ((None,), "dets: expected rows of"),
                (([[0, 0, np.nan, 30, 0.9, 3]],), "dets: expected finite numbers"),
                ((dets, [[1.0], [2.0]]), "features: expected a row for each of 1 detections, found 2 x 1"),
                ((dets, [[np.inf]]), "features: expected finite numbers, found inf in row 0, column 0"),
                ((dets, None, [1, 0, 0]), "affine: expected rows of 2 x 3 numbers"),
                ((dets, None, np.eye(3)), "affine: expected 2 x 3 numbers, found 3 x 3")):
            with self.subTest(message), self.assertRaises(reidbench.InputError) as caught:
                reidbench.Tracker("botsort").update(*arguments)
            self.assertIn(message, str(caught.exception))
        with self.assertRaisesRegex(reidbench.InputError, "features: expected None, because sort does not look at embeddings"):
            reidbench.Tracker("sort").update(dets, [[1.0]])
        with self.assertRaisesRegex(reidbench.InputError, "affine: expected None, because bytetrack"):
            reidbench.Tracker("bytetrack").update(dets, None, np.eye(3)[:2])
        with self.assertRaisesRegex(reidbench.InputError, "features: expected an embedding of every detection, which deepsort needs"):
            reidbench.Tracker("deepsort").update(dets)
        with self.assertRaisesRegex(reidbench.InputError, "unknown tracker 'bytetrak'; did you mean 'bytetrack'"):
            reidbench.Tracker("bytetrak")
        with self.assertRaisesRegex(reidbench.InputError, "max_age: expected at least 0, found -1"):
            reidbench.Tracker("sort", max_age=-1)
        with self.assertRaisesRegex(reidbench.InputError, "max_aeg"):
            reidbench.Tracker("sort", max_aeg=1)
        with self.assertRaisesRegex(reidbench.InputError, "max_age: expected a number"):
            reidbench.Tracker("sort", max_age=[1])

    def test_a_tracker_a_thread(self):
        frames = detections_by_frame()
        def run():
            tracker = reidbench.Tracker("ocsort")
            return [tracker.update(dets).tolist() for dets in frames]

        expected, found = run(), []
        threads = [threading.Thread(target=lambda: found.append(run())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [expected] * 4)


class Relink(unittest.TestCase):
    def tracks(self):
        """Twelve people who stand apart; the first is lost for ten frames and comes back under another identity."""
        rows, looks = [], []
        random = np.random.default_rng(0)
        for frame in range(1, 91):
            for person in range(1, 13):
                if person == 1 and 40 <= frame < 50:
                    continue
                rows.append([frame, 30 if person == 1 and frame >= 50 else person, 150 * person + frame / 2, 100, 40, 100, 0.9])
                looks.append(np.eye(16)[person])
        return np.array(rows), np.array(looks) + random.normal(0, 0.05, (len(looks), 16))

    def test_gives_the_identity_back(self):
        rows, looks = self.tracks()
        result = reidbench.relink(rows, looks, frame_rate=25, image_size=(2500, 400))
        self.assertEqual(len(result.ids), len(rows))
        self.assertEqual(len(np.unique(result.ids)), 12)
        before, after = rows[:, 1] == 1, rows[:, 1] == 30
        self.assertEqual(np.unique(result.ids[before | after]).size, 1)
        links = [d for d in result.decisions if d["kind"] == "link" and d["accepted"]]
        self.assertEqual([(d["track_before"], d["track_after"], d["frame_after"]) for d in links], [(1, 30, 50)])
        json.dumps(result.to_dict(), allow_nan=False)
        self.assertIn("12 identities", repr(result))

    def test_embeddings_may_be_missing(self):
        rows, looks = self.tracks()
        looks[::5] = np.nan
        self.assertEqual(len(np.unique(reidbench.relink(rows, looks).ids)), 12)
        self.assertEqual(reidbench.relink(rows).ids.shape, (len(rows),))
        self.assertEqual(reidbench.relink([]).ids.shape, (0,))
        unchanged = reidbench.relink(rows, looks, motion_link=False, appearance_link=False, split=False, swap=False)
        self.assertEqual(len(np.unique(unchanged.ids)), 13)

    def test_names_what_is_wrong(self):
        rows, looks = self.tracks()
        for arguments, message in ((dict(features=looks[1:]), f"features: expected a row for each of {len(rows)} boxes"),
                                   (dict(frame_rate=-1), "frame_rate: expected a number"),
                                   (dict(image_size=(0, 5)), "image_size: expected a whole number from 1 on, found 0"),
                                   (dict(method="rellink"), "unknown"),
                                   (dict(window=3), "window")):
            with self.subTest(message), self.assertRaises(reidbench.InputError) as caught:
                reidbench.relink(rows, **arguments)
            self.assertIn(message, str(caught.exception))
        twice = np.concatenate([rows, rows[:1]])
        with self.assertRaises(reidbench.InputError):
            reidbench.relink(twice)


if __name__ == "__main__":
    unittest.main()
