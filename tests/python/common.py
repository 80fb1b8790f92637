"""What the tests of the Python package share."""
import os
import pathlib

import numpy as np

GOLDEN = pathlib.Path(os.environ["REIDBENCH_TEST_DATA"])


def arrays(file, case):
    """The arrays of one case of golden/python/FILE.npz by name."""
    with np.load(GOLDEN / "python" / f"{file}.npz") as stored:
        return {key.split("/")[1]: stored[key] for key in stored if key.startswith(case + "/")}


def labels(case):
    return case["query_pids"], case["gallery_pids"], case["query_camids"], case["gallery_camids"]


def random_set(queries=20, gallery=90, dim=8, people=7, cameras=3, seed=0):
    """query, gallery, q_pids, g_pids, q_camids, g_camids."""
    random = np.random.default_rng(seed)
    features = [random.standard_normal((n, dim)).astype(np.float32) for n in (queries, gallery)]
    pids = [random.integers(1, people + 1, n) for n in (queries, gallery)]
    camids = [random.integers(1, cameras + 1, n) for n in (queries, gallery)]
    return (*features, *pids, *camids)


def rank_by_sorting(distances, q_pids, g_pids, q_camids, g_camids, max_rank):
    """CMC and mAP by the definition: sort, drop the person's images of the query's camera, average over the queries with a match."""
    aps, cmc = [], np.zeros(max_rank)
    for row, person, camera in zip(distances, q_pids, q_camids):
        order = np.argsort(row, kind="stable")
        order = order[~((g_pids[order] == person) & (g_camids[order] == camera))]
        hits = g_pids[order] == person
        if not hits.any():
            continue
        places = np.flatnonzero(hits)
        aps.append(np.mean((np.arange(len(places)) + 1) / (places + 1)))
        if places[0] < max_rank:
            cmc[places[0]:] += 1
    return cmc / len(aps), float(np.mean(aps))
