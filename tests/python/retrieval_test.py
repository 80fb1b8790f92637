"""reidbench.rank, distance_matrix and rerank."""
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
import unittest

import numpy as np

import reidbench
from common import arrays, labels, random_set, rank_by_sorting


def mean_ap(seed):
    return reidbench.rank(*random_set(seed=seed)).mAP


class Rank(unittest.TestCase):
    def test_equals_the_reference_programs(self):
        for name in ("euclidean", "cosine", "invalid_queries", "ties"):
            with self.subTest(name):
                case = arrays("ranking", name)
                result = reidbench.rank(case["query_features"], case["gallery_features"], *labels(case), metric=str(case["metric"]))
                self.assertAlmostEqual(result.mAP, float(case["mAP_stable"]), delta=1e-9)
                self.assertAlmostEqual(result.mINP, float(case["mINP"]), delta=1e-9)
                self.assertAlmostEqual(result.rules["trapezoid"]["mAP"], float(case["mAP_trapezoid_valid_queries"]), delta=1e-9)
                self.assertEqual(result.num_valid, int(case["num_valid_queries"]))
                valid = case["first_match_rank"] > 0
                np.testing.assert_array_equal(result.valid, valid)
                np.testing.assert_array_equal(result.first_match_rank[valid], case["first_match_rank"][valid])
                np.testing.assert_allclose(result.ap, case["ap_per_query"], atol=1e-9, rtol=0)
                if name != "ties":
                    np.testing.assert_allclose(result.cmc, case["cmc"], atol=1e-6, rtol=0)
                self.assertLess(result.mAP_interval[0], result.mAP)
                self.assertGreater(result.mAP_interval[1], result.mAP)

    def test_any_layout_and_type_gives_the_same(self):
        query, gallery, *ids = random_set()
        # Halves are exact in every type.
        query, gallery = np.round(query * 8) / 8, np.round(gallery * 8) / 8
        expected = reidbench.rank(query, gallery, *ids).to_dict()
        wide = np.zeros((len(gallery) * 2, gallery.shape[1] * 3), np.float32)
        wide[::2, 1::3] = gallery
        shifted = np.zeros(gallery.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(gallery.shape)
        shifted[:] = gallery
        self.assertFalse(shifted.flags.aligned)
        for name, other in {"strided": wide[::2, 1::3], "Fortran": np.asfortranarray(gallery), "reversed": gallery[::-1][::-1],
                            "float64": gallery.astype(np.float64), "float16": gallery.astype(np.float16),
                            "big endian": gallery.astype(">f4"), "unaligned": shifted, "list": gallery.tolist()}.items():
            with self.subTest(name):
                self.assertEqual(reidbench.rank(query, other, *ids).to_dict(), expected)
        small = [i.astype(np.uint8) for i in ids]
        self.assertEqual(reidbench.rank(query, gallery, *small).to_dict(), expected)
        self.assertEqual(reidbench.rank(query, gallery, *[i.tolist() for i in ids]).to_dict(), expected)

    def test_does_not_copy_the_matrices(self):
        # A fresh process, so that nobody else's peak hides this one's.
        code = """if True:
            import resource, sys
            import numpy as np, reidbench
            gallery = np.random.default_rng(0).standard_normal((60000, 512), dtype=np.float32)
            query, ids = gallery[:50].copy(), np.arange(60000)
            reidbench.rank(query, gallery[:2000], ids[:50], ids[:2000], ids[:50] * 0, ids[:2000] * 0 + 1, resamples=0)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            reidbench.rank(query, gallery, ids[:50], ids, ids[:50] * 0, ids * 0 + 1, resamples=0)
            print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / (gallery.nbytes / 1024))
        """
        import subprocess
        share = float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
        self.assertLess(share, 0.7)

    def test_names_what_is_wrong(self):
        query, gallery, q_pids, g_pids, q_camids, g_camids = random_set()
        good = dict(query=query, gallery=gallery, q_pids=q_pids, g_pids=g_pids, q_camids=q_camids, g_camids=g_camids)
        nan = gallery.copy()
        nan[3, 2] = np.nan
        cases = [
            (dict(query=query[0]), "query: expected numbers in rows and columns (n x d), found 8 of float32"),
            (dict(query=None), "query: expected numbers in rows and columns (n x d), found None"),
            (dict(query=[[1, 2], [3]]), "query: expected numbers in rows and columns (n x d), found"),
            (dict(query=query.astype(complex)), "query: expected numbers in rows and columns (n x d), found 20 x 8 of complex128"),
            (dict(query=query > 0), "found 20 x 8 of bool"),
            (dict(query=[["a"]]), "query: expected"),
            (dict(query=query[:0]), "query: expected at least one row, found none"),
            (dict(gallery=gallery[:0]), "gallery: expected at least one row, found none"),
            (dict(gallery=gallery[:, :5]), "gallery: expected rows of as many numbers as query has, at least one; found 5 and 8"),
            (dict(gallery=nan), "gallery feature row 3 holds NaN or infinity"),
            (dict(query=query.astype(np.float64) * 1e300), "query feature row 0 holds NaN or infinity"),
            (dict(q_pids=q_pids[:-1]), "q_pids: expected 20 integers, one a row of query, found 19 of int64"),
            (dict(g_pids=g_pids.astype(float)), "g_pids: expected 90 integers, one a row of gallery, found 90 of float64"),
            (dict(g_pids=g_pids.reshape(9, 10)), "g_pids: expected 90 integers, one a row of gallery, found 9 x 10 of int64"),
            (dict(q_pids=q_pids.astype(np.uint64) + 2**63), "q_pids: expected numbers up to"),
            (dict(g_camids=None), "g_camids: expected 90 integers, one a row of gallery, found None"),
            (dict(q_camids=None, g_camids=None), "camera_rule=False"),
            (dict(q_pids=-q_pids), "negative ids mark junk images"),
            (dict(metric="manhattan"), "metric: expected 'cosine' or 'euclidean', found 'manhattan'"),
            (dict(protocol="x"), "protocol: expected 'market1501'"),
            (dict(max_rank=0), "max_rank: expected a whole number from 1 on, found 0"),
            (dict(max_rank=2.5), "max_rank: expected a whole number from 1 on, found 2.5"),
            (dict(top_k=-1), "top_k: expected a whole number from 0 on, found -1"),
            (dict(resamples=5), "resamples"),
            (dict(confidence="high"), "confidence: expected a number 0 to 1, found 'high'"),
        ]
        for change, message in cases:
            with self.subTest(message):
                with self.assertRaises(reidbench.InputError) as caught:
                    reidbench.rank(**{**good, **change})
                self.assertIn(message, str(caught.exception))
                self.assertIsInstance(caught.exception, ValueError)
                self.assertIsInstance(caught.exception, reidbench.Error)

    def test_without_valid_queries_there_is_no_score(self):
        query, gallery, q_pids, g_pids, q_camids, g_camids = random_set()
        result = reidbench.rank(query, gallery, q_pids + 100, g_pids, q_camids, g_camids)
        self.assertIsNone(result.mAP)
        self.assertIsNone(result.rank1)
        self.assertEqual((len(result.cmc), result.num_no_positive), (0, 20))
        self.assertTrue(np.isnan(result.ap).all())
        self.assertIn("no valid query", repr(result))
        json.dumps(result.to_dict(), allow_nan=False)

    def test_lists_the_nearest(self):
        query, gallery, *ids = random_set()
        result = reidbench.rank(query, gallery, *ids, top_k=3, camera_rule=False)
        distances = reidbench.distance_matrix(query, gallery)
        np.testing.assert_array_equal(result.top, np.argsort(distances, axis=1, kind="stable")[:, :3])
        np.testing.assert_array_equal(result.top_distance, np.take_along_axis(distances, result.top, axis=1))
        self.assertEqual(reidbench.rank(query, gallery, *ids, top_k=1000).top.shape, (20, 90))
        self.assertIsNone(reidbench.rank(query, gallery, *ids).top)

    def test_cameras_may_be_missing_without_the_camera_rule(self):
        query, gallery, q_pids, g_pids, *_ = random_set()
        expected = rank_by_sorting(reidbench.distance_matrix(query, gallery), q_pids, g_pids, np.zeros(20), np.ones(90), 10)
        result = reidbench.rank(query, gallery, q_pids, g_pids, camera_rule=False, max_rank=10)
        np.testing.assert_allclose(result.cmc, expected[0])
        self.assertAlmostEqual(result.mAP, expected[1], delta=1e-12)

    def test_is_the_same_on_any_number_of_threads(self):
        case = random_set(200, 1500, 64)
        expected = reidbench.rank(*case).to_dict()
        try:
            reidbench.set_threads(1)
            self.assertEqual(reidbench.rank(*case).to_dict(), expected)
        finally:
            reidbench.set_threads(0)
        with self.assertRaises(reidbench.InputError):
            reidbench.set_threads(-1)

    def test_python_threads_run_side_by_side(self):
        expected = [mean_ap(seed) for seed in range(8)]
        found = [None] * 8

        def work(seed):
            for _ in range(5):
                found[seed] = mean_ap(seed)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, expected)

    def test_lets_other_threads_go_on(self):
        case = random_set(1000, 12000, 256, people=200)
        done, counted = threading.Event(), []

        def count():
            n = 0
            while not done.is_set():
                n += 1
                time.sleep(0.001)
            counted.append(n)

        thread = threading.Thread(target=count)
        thread.start()
        begin = time.monotonic()
        reidbench.rank(*case, resamples=0)
        took = time.monotonic() - begin
        done.set()
        thread.join()
        # Far fewer than possible, because the machine may be busy; with Python's lock held it would be one or two.
        self.assertGreater(counted[0], took * 1000 / 50)

    def test_works_after_a_fork(self):
        expected = mean_ap(3)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            self.assertEqual(pool.map_async(mean_ap, [3, 3]).get(timeout=60), [expected] * 2)

    def test_an_interrupt_ends_it_and_nothing_else(self):
        case = random_set(6000, 60000, 256, people=1000)
        expected = mean_ap(1)
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        begin = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            for _ in range(100):
                reidbench.rank(*case, resamples=0)
        self.assertLess(time.monotonic() - begin, 30)
        self.assertEqual(mean_ap(1), expected)


class Distances(unittest.TestCase):
    def test_are_as_defined(self):
        query, gallery, *_ = random_set()
        difference = query[:, None].astype(float) - gallery[None]
        np.testing.assert_allclose(reidbench.distance_matrix(query, gallery), (difference**2).sum(axis=2), rtol=1e-5, atol=1e-5)
        lengths = np.linalg.norm(query, axis=1)[:, None] * np.linalg.norm(gallery, axis=1)
        np.testing.assert_allclose(reidbench.distance_matrix(query, gallery, "cosine"), 1 - query @ gallery.T / lengths, atol=1e-5)

    def test_refuse_what_is_none(self):
        with self.assertRaisesRegex(reidbench.InputError, "metric: expected"):
            reidbench.distance_matrix([[1.0]], [[2.0]], "l1")
        with self.assertRaisesRegex(reidbench.InputError, "gallery: expected at least one row"):
            reidbench.distance_matrix([[1.0]], np.empty((0, 1)))


class Rerank(unittest.TestCase):
    def test_equals_torchreid(self):
        for name in ("small_gallery", "cosine"):
            with self.subTest(name):
                case = arrays("rerank", name)
                found = reidbench.rerank(case["query_features"], case["gallery_features"], str(case["metric"]), dialect="torchreid",
                                         k1=int(case["k1"]), k2=int(case["k2"]), lambda_value=float(case["lambda"]))
                np.testing.assert_allclose(found, case["reranked_torchreid"], atol=1e-5, rtol=1e-5)

    def test_names_what_is_wrong(self):
        query, gallery, *_ = random_set()
        for change, message in ((dict(k1=0), "k1: expected a whole number 1 to 1000, found 0"),
                                (dict(k2=1001), "k2: expected a whole number 1 to 1000, found 1001"),
                                (dict(lambda_value=float("nan")), "lambda_value: expected a number 0 to 1, found nan"),
                                (dict(dialect="mine"), "dialect: expected 'zhong', 'bot', 'torchreid' or 'fastreid', found 'mine'")):
            with self.subTest(message), self.assertRaises(reidbench.InputError) as caught:
                reidbench.rerank(query, gallery, **change)
            self.assertIn(message, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
