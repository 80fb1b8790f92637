"""Ranking a gallery for every query."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from . import _arrays, _core
from ._errors import InputError
from ._values import plain


@dataclass(frozen=True, eq=False, repr=False)
class RankResult:
    """What a ranking scores. Fractions of 1; None where no query is valid."""

    mAP: Optional[float]
    """Mean average precision (step AP: torchreid, fast-reid), over the valid queries."""
    mINP: Optional[float]
    """Mean inverse negative penalty (Ye et al., 2021)."""
    cmc: np.ndarray
    """[max_rank] float64: cmc[k - 1] is the share of queries with a hit among the first k; shorter with a smaller gallery, empty
    without a valid query."""
    num_queries: int
    num_valid: int
    """Queries with a gallery image of their person from another camera; the others are not counted."""
    num_no_positive: int
    """Queries whose person is not in the gallery."""
    num_same_camera_only: int
    """Queries whose person is only there by their own camera."""
    num_gallery: int
    """Without junk."""
    num_junk: int
    """Gallery rows of a person below 0: left out."""
    num_distractors: int
    """Gallery rows of person 0."""
    num_tied_positives: int
    """Positives at the same distance as somebody else's image; equal distances are ordered by gallery row."""
    mAP_interval: Optional[tuple[float, float]]
    """Bootstrap interval that resamples persons; None with resamples=0."""
    rank1_interval: Optional[tuple[float, float]]
    mINP_interval: Optional[tuple[float, float]]
    rules: dict[str, dict[str, Any]]
    """The same ranking as other programs score it: name -> mAP, rank1, num_queries. trapezoid (official Market-1501 code), layumi,
    sklearn_ties_grouped (open-reid), map_at_r (pytorch-metric-learning), oml_map_at_k, no_camera_rule, no_distractors."""
    verification: Optional[dict[str, Any]]
    """"Same person?" over all pairs: num_genuine, num_impostor, eer, eer_threshold, d_prime, tpr_at_fpr (by rate), recommended."""
    ap: np.ndarray
    """[queries] float64: average precision; NaN for queries that are not valid."""
    first_match_rank: np.ndarray
    """[queries] int64, from 1; 0 for queries that are not valid."""
    valid: np.ndarray
    """[queries] bool."""
    top: Optional[np.ndarray] = None
    """[queries x top_k] int64: rows of the gallery, nearest first; -1 past the end. None with top_k=0."""
    top_distance: Optional[np.ndarray] = None
    """[queries x top_k] float32; NaN past the end."""

    @property
    def rank1(self) -> Optional[float]:
        """CMC at rank 1."""
        return float(self.cmc[0]) if len(self.cmc) else None

    def to_dict(self) -> dict[str, Any]:
        """All of it in lists and numbers, for JSON; None for NaN."""
        return plain(self)

    def __repr__(self) -> str:
        if self.mAP is None:
            return f"RankResult(no valid query among {self.num_queries})"
        return (f"RankResult(mAP={self.mAP:.4f}, rank1={self.rank1:.4f}, mINP={self.mINP:.4f}, "
                f"valid={self.num_valid}/{self.num_queries}, gallery={self.num_gallery})")


def _pair(query: Any, gallery: Any) -> tuple[np.ndarray, np.ndarray]:
    q, g = _arrays.floats("query", query), _arrays.floats("gallery", gallery)
    if len(q) == 0:
        raise InputError("query: expected at least one row, found none")
    if len(g) == 0:
        raise InputError("gallery: expected at least one row, found none")
    if q.shape[1] != g.shape[1] or q.shape[1] == 0:
        raise InputError(f"gallery: expected rows of as many numbers as query has, at least one; found {g.shape[1]} and {q.shape[1]}")
    return q, g


def rank(query: Any, gallery: Any, q_pids: Any, g_pids: Any, q_camids: Any = None, g_camids: Any = None,
         metric: str = "euclidean", *, protocol: str = "market1501", camera_rule: bool = True, max_rank: int = 50, top_k: int = 0,
         verification: bool = True, resamples: int = 1000, confidence: float = 0.95, seed: int = 0) -> RankResult:
    """Ranks the gallery for every query and scores it, without a distance matrix.

    query      [q x d] embeddings, float32 in C order without a copy
    gallery    [g x d]
    q_pids     [q] persons, 0 or above
    g_pids     [g] persons; 0 = distractor, below 0 = junk, which is left out
    q_camids   [q] cameras; None only with camera_rule=False
    g_camids   [g]
    metric     "euclidean" (squared, as torchreid) or "cosine" (1 - cos)
    protocol   "market1501" (CMC from the first hit on), "allshots", "cuhk03" (single-shot, exact expectation),
               "cuhk03-separate-cameras"
    camera_rule   drop gallery images of the query's person and camera, as papers do
    max_rank   length of the CMC
    top_k      list so many nearest gallery rows of every query
    verification  also count all pairs as "same person?"
    resamples  of the confidence intervals, 100 or more; 0 = no intervals
    """
    q, g = _pair(query, gallery)
    people = (_arrays.integers("q_pids", q_pids, len(q), "row of query"), _arrays.integers("g_pids", g_pids, len(g), "row of gallery"))
    cameras: list[Optional[np.ndarray]] = [None, None]
    if q_camids is not None or g_camids is not None:
        cameras = [_arrays.integers("q_camids", q_camids, len(q), "row of query"),
                   _arrays.integers("g_camids", g_camids, len(g), "row of gallery")]
    elif camera_rule:
        raise InputError("q_camids, g_camids: expected cameras, found None; without cameras give camera_rule=False, which is not "
                         "what papers report")
    found = _core.rank(q, g, *people, *cameras, metric=str(metric), protocol=str(protocol), camera_rule=_arrays.flag("camera_rule", camera_rule),
                       max_rank=_arrays.whole("max_rank", max_rank, 1), top_k=min(_arrays.whole("top_k", top_k, 0), len(g)),
                       verification=_arrays.flag("verification", verification), resamples=_arrays.whole("resamples", resamples, 0),
                       confidence=_arrays.number("confidence", confidence, 0, 1),
                       seed=_arrays.whole("seed", seed, 0, 2**64 - 1))
    return RankResult(**found)


def distance_matrix(query: Any, gallery: Any, metric: str = "euclidean") -> np.ndarray:
    """[q x g] float32: "euclidean" is the squared distance, which may come out a little below 0, "cosine" 1 - cos."""
    return _core.distances(*_pair(query, gallery), metric=str(metric))


def rerank(query: Any, gallery: Any, metric: str = "euclidean", *, dialect: str = "zhong", k1: int = 20, k2: int = 6,
           lambda_value: float = 0.3) -> np.ndarray:
    """[q x g] float32: k-reciprocal re-ranked distances (Zhong et al., CVPR 2017), exact and without matrices of all rows.

    dialect    "zhong" (the paper), "torchreid", "bot" (half precision), "fastreid"
    k1, k2     neighbours that must be reciprocal, neighbours averaged
    lambda_value  share of the original distance, 0 to 1
    """
    return _core.rerank(*_pair(query, gallery), metric=str(metric), dialect=str(dialect), k1=_arrays.whole("k1", k1, 1, 1000),
                        k2=_arrays.whole("k2", k2, 1, 1000), lambda_value=_arrays.number("lambda_value", lambda_value, 0, 1))
