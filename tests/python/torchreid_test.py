"""reidbench.compat.torchreid against torchreid's own numbers."""
import unittest

import numpy as np

import reidbench
from common import arrays, labels, random_set, rank_by_sorting
from reidbench.compat.torchreid import compute_distance_matrix, evaluate_rank, re_ranking


class EvaluateRank(unittest.TestCase):
    def test_equals_torchreid(self):
        for name in ("euclidean", "cosine", "invalid_queries"):
            with self.subTest(name):
                case = arrays("ranking", name)
                distances = compute_distance_matrix(case["query_features"], case["gallery_features"], str(case["metric"]))
                cmc, mean_ap = evaluate_rank(distances, *labels(case))
                self.assertEqual((cmc.dtype, cmc.shape), (np.float32, (50,)))
                np.testing.assert_allclose(cmc, case["cmc"], atol=1e-6, rtol=0)
                self.assertAlmostEqual(mean_ap, float(case["mAP_torchreid"]), delta=1e-9)

    def test_doubles_are_ordered_as_doubles(self):
        case = random_set(30, 200, people=5)
        random = np.random.default_rng(1)
        # Differences that float32 does not see, and some equal distances.
        distances = 1 + random.permutation(30 * 200).reshape(30, 200) // 2 * 1e-12
        self.assertEqual(len(np.unique(distances.astype(np.float32))), 1)
        cmc, mean_ap = evaluate_rank(distances, *case[2:], max_rank=20)
        expected = rank_by_sorting(distances, *case[2:], 20)
        np.testing.assert_allclose(cmc, expected[0], atol=1e-6)
        self.assertAlmostEqual(mean_ap, expected[1], delta=1e-12)
        integers = (distances * 1e12).astype(np.int64)
        self.assertEqual(evaluate_rank(integers, *case[2:])[1], evaluate_rank(integers.astype(float), *case[2:])[1])

    def test_no_person_is_junk(self):
        query, gallery, q_pids, g_pids, q_camids, g_camids = random_set()
        distances = compute_distance_matrix(query, gallery)
        cmc, mean_ap = evaluate_rank(distances, q_pids, g_pids, q_camids, g_camids)
        shifted = evaluate_rank(distances, q_pids - 4, g_pids - 4, q_camids, g_camids)
        np.testing.assert_array_equal(shifted[0], cmc)
        self.assertEqual(shifted[1], mean_ap)

    def test_small_galleries_have_a_short_cmc(self):
        case = random_set(10, 12)
        cmc, _ = evaluate_rank(compute_distance_matrix(case[0], case[1]), *case[2:])
        self.assertEqual(len(cmc), 12)
        self.assertEqual(cmc[-1], 1)

    def test_single_shot(self):
        # One image a person: nothing to draw, so it is the plain ranking.
        random = np.random.default_rng(0)
        distances = random.random((15, 15), dtype=np.float32)
        people = np.arange(15)
        plain = evaluate_rank(distances, people, people, people * 0, people * 0 + 1)
        single = evaluate_rank(distances, people, people, people * 0, people * 0 + 1, use_metric_cuhk03=True)
        np.testing.assert_allclose(single[0], plain[0], atol=1e-6)
        # A far and a near image of the person, one stranger between: hit at once in half of the draws.
        cmc, _ = evaluate_rank([[0.1, 0.9, 0.5]], [1], [1, 1, 2], [0], [1, 1, 1], use_metric_cuhk03=True)
        np.testing.assert_allclose(cmc[:2], [0.5, 1])

    def test_names_what_is_wrong(self):
        query, gallery, *ids = random_set()
        distances = compute_distance_matrix(query, gallery)
        nan = distances.copy()
        nan[7, 5] = np.inf
        for arguments, message in (
                ((distances[0], *ids), "distmat: expected distances in rows and columns (queries x gallery), found 90 of float32"),
                ((distances.T, *ids), "q_pids: expected 90 integers, one a row of distmat, found 20 of int64"),
                ((nan, *ids), "distmat: expected finite numbers, found inf in row 7, column 5 (from 0)"),
                ((distances[:0], *ids), "found 0 x 90"),
                ((distances, ids[0] + 50, *ids[1:]), "20 of 20 queries have no image of their person in the gallery"),
                ((distances, *ids[:2], ids[2] * 0, ids[3] * 0), "20 only of their own camera")):
            with self.subTest(message), self.assertRaises(reidbench.InputError) as caught:
                evaluate_rank(*arguments)
            self.assertIn(message, str(caught.exception))
        with self.assertRaisesRegex(reidbench.InputError, "max_rank"):
            evaluate_rank(distances, *ids, max_rank=0)


class ReRanking(unittest.TestCase):
    def test_equals_torchreid(self):
        for name in ("small_gallery", "cosine"):
            with self.subTest(name):
                case = arrays("rerank", name)
                query, gallery, metric = case["query_features"], case["gallery_features"], str(case["metric"])
                across = compute_distance_matrix(query, gallery, metric)
                np.testing.assert_allclose(across, case["distance"], atol=1e-5, rtol=1e-5)
                found = re_ranking(across, compute_distance_matrix(query, query, metric),
                                   compute_distance_matrix(gallery, gallery, metric), k1=int(case["k1"]), k2=int(case["k2"]),
                                   lambda_value=float(case["lambda"]))
                self.assertEqual(found.dtype, np.float32)
                np.testing.assert_allclose(found, case["reranked_torchreid"], atol=1e-5, rtol=1e-5)

    def test_names_what_is_wrong(self):
        query, gallery, *_ = random_set()
        across, queries, images = (compute_distance_matrix(a, b) for a, b in ((query, gallery), (query, query), (gallery, gallery)))
        nan = images.copy()
        nan[80, 2] = np.nan
        for arguments, message in (((across, images, images), "q_q_dist: expected 20 x 20 distances, found 90 x 90"),
                                   ((across, queries, queries), "g_g_dist: expected 90 x 90 distances, found 20 x 20"),
                                   ((across, queries, nan), "g_g_dist: expected finite numbers, found nan in row 80, column 2"),
                                   ((across[:, :0], queries, images), "q_g_dist: expected distances of queries")):
            with self.subTest(message), self.assertRaises(reidbench.InputError) as caught:
                re_ranking(*arguments)
            self.assertIn(message, str(caught.exception))


class ComputeDistanceMatrix(unittest.TestCase):
    def test_names_what_is_wrong(self):
        with self.assertRaisesRegex(reidbench.InputError, "input2: expected rows of 2 numbers, as input1 has, found 3"):
            compute_distance_matrix(np.ones((4, 2)), np.ones((4, 3)))
        with self.assertRaisesRegex(reidbench.InputError, "input1: expected numbers in rows and columns"):
            compute_distance_matrix(np.ones(4), np.ones((4, 3)))


if __name__ == "__main__":
    unittest.main()
