#!/usr/bin/env python3
"""Makes ranking.npz and rerank.npz of the files in ../ranking and ../rerank, for tests that have numpy alone. Needs h5py."""
import pathlib

import h5py
import numpy as np

HERE = pathlib.Path(__file__).parent
LABELS = ("query_pids", "gallery_pids", "query_camids", "gallery_camids")

ranking, rerank = {}, {}
for name in ("euclidean", "cosine", "invalid_queries", "ties"):
    with h5py.File(HERE.parent / "ranking" / f"{name}.h5") as file:
        for key in ("query_features", "gallery_features", *LABELS):
            ranking[f"{name}/{key}"] = file[key][()]
        expected = file["expected"]
        for key in ("ap_per_query", "first_match_rank", "cmc"):
            ranking[f"{name}/{key}"] = expected[key][()]
        for key in ("metric", "num_valid_queries", "mAP_torchreid", "mAP_stable", "mINP", "mAP_trapezoid_valid_queries"):
            ranking[f"{name}/{key}"] = np.array(expected.attrs[key])
for name in ("small_gallery", "cosine"):
    with h5py.File(HERE.parent / "rerank" / f"{name}.h5") as file:
        for key in ("query_features", "gallery_features", "distance", "reranked_torchreid"):
            rerank[f"{name}/{key}"] = file[key][()]
        for key in ("metric", "k1", "k2", "lambda"):
            rerank[f"{name}/{key}"] = np.array(file.attrs[key])
np.savez_compressed(HERE / "ranking.npz", **ranking)
np.savez_compressed(HERE / "rerank.npz", **rerank)
