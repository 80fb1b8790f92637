"""torchreid's metrics: `from reidbench.compat.torchreid import evaluate_rank` in place of `from torchreid.metrics import evaluate_rank`.

Names, signatures and numbers are those of torchreid f8cd150 (`metrics/rank.py`, `metrics/distance.py`, `utils/rerank.py`). What
differs, by intent:

- Equal distances are ordered by gallery row; there, as an unstable sort leaves them.
- `use_metric_cuhk03` gives the exact expectation in place of the mean of ten unseeded draws.
- The CMC has `max_rank` values wherever the gallery has as many rows; there the compiled code copies stale memory, and the Python
  code fails, where too few images remain beside the query's own camera.
- Arrays come back as numpy's, whatever goes in; what is wrong with an argument is a ValueError that names it.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .. import _arrays, _core
from .._errors import InputError
from ..retrieval import distance_matrix

__all__ = ["compute_distance_matrix", "evaluate_rank", "re_ranking"]


def compute_distance_matrix(input1: Any, input2: Any, metric: str = "euclidean") -> np.ndarray:
    """[m x n] float32 between the rows of input1 [m x d] and input2 [n x d]: "euclidean" is the squared distance, "cosine" 1 - cos."""
    first, second = _arrays.floats("input1", input1), _arrays.floats("input2", input2)
    if first.shape[1] != second.shape[1]:
        raise InputError(f"input2: expected rows of {first.shape[1]} numbers, as input1 has, found {second.shape[1]}")
    return distance_matrix(first, second, metric)


def evaluate_rank(distmat: Any, q_pids: Any, g_pids: Any, q_camids: Any, g_camids: Any, max_rank: int = 50,
                  use_metric_cuhk03: bool = False, use_cython: bool = True) -> tuple[np.ndarray, float]:
    """CMC [max_rank] float32 and mAP of distances [queries x gallery].

    q_pids, g_pids, q_camids, g_camids  [queries], [gallery] integers
    max_rank  length of the CMC; of a smaller gallery its size
    use_cython  is not looked at: there is one implementation
    """
    matrix = _arrays.distances("distmat", distmat)
    rows, columns = matrix.shape
    if rows == 0 or columns == 0:
        raise InputError(f"distmat: expected distances of queries (rows) to a gallery (columns), found {rows} x {columns}")
    q_people = _arrays.integers("q_pids", q_pids, rows, "row of distmat")
    g_people = _arrays.integers("g_pids", g_pids, columns, "column of distmat")
    q_cameras = _arrays.integers("q_camids", q_camids, rows, "row of distmat")
    g_cameras = _arrays.integers("g_camids", g_camids, columns, "column of distmat")
    # No number means junk or distractor there.
    _, people = np.unique(np.concatenate([q_people, g_people]), return_inverse=True)
    people = people.astype(np.int64) + 1
    found = _core.rank_distances(matrix, people[:rows], np.ascontiguousarray(people[rows:]), q_cameras, g_cameras,
                                 max_rank=_arrays.whole("max_rank", max_rank, 1), single_shot=_arrays.flag("use_metric_cuhk03", use_metric_cuhk03))
    if found["mAP"] is None:
        raise InputError("distmat: expected a query with an image of its person by another camera in the gallery, found none: "
                         f"{found['num_no_positive']} of {rows} queries have no image of their person in the gallery, "
                         f"{found['num_same_camera_only']} only of their own camera")
    return found["cmc"].astype(np.float32), found["mAP"]


def re_ranking(q_g_dist: Any, q_q_dist: Any, g_g_dist: Any, k1: int = 20, k2: int = 6, lambda_value: float = 0.3) -> np.ndarray:
    """[queries x gallery] float32: k-reciprocal re-ranked distances (Zhong et al., CVPR 2017) from those between queries and gallery,
    among queries, and within the gallery (the last two symmetric), as `compute_distance_matrix` gives them."""
    across, queries, gallery = (_arrays.floats(name, value) for name, value in
                                (("q_g_dist", q_g_dist), ("q_q_dist", q_q_dist), ("g_g_dist", g_g_dist)))
    rows, columns = across.shape
    if rows == 0 or columns == 0:
        raise InputError(f"q_g_dist: expected distances of queries (rows) to a gallery (columns), found {rows} x {columns}")
    for name, matrix, side in (("q_q_dist", queries, rows), ("g_g_dist", gallery, columns)):
        if matrix.shape != (side, side):
            raise InputError(f"{name}: expected {side} x {side} distances, found {matrix.shape[0]} x {matrix.shape[1]}")
    for name, matrix in (("q_g_dist", across), ("q_q_dist", queries), ("g_g_dist", gallery)):
        _arrays.require_finite(name, matrix)
    return _core.rerank_distances(across, queries, gallery, dialect="torchreid", k1=_arrays.whole("k1", k1, 1, 1000),
                                  k2=_arrays.whole("k2", k2, 1, 1000),
                                  lambda_value=_arrays.number("lambda_value", lambda_value, 0, 1))
