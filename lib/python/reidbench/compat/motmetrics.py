"""py-motmetrics: `import reidbench.compat.motmetrics as mm` in place of `import motmetrics as mm`, for

    acc = mm.MOTAccumulator(auto_id=True)
    acc.update(objects, hypotheses, mm.distances.iou_matrix(boxes, predictions, max_iou=0.5))    # a frame
    mh = mm.metrics.create()
    summary = mh.compute(acc, metrics=["num_frames", "mota", "motp"], name="acc")

Names, rules and numbers are those of py-motmetrics 90aa1afd: a person keeps the last match ever while that is possible, the rest is
matched by the least distance. What differs, by intent:

- There is no table of events (`events`, `mot_events`), and of the metrics there are those of `metrics.available`: no num_transfer,
  num_ascend, num_migrate, track_ratios and obj_frequencies.
- What py-motmetrics makes NaN by a division by 0 is NaN too, without its warnings; a summary is a pandas DataFrame where pandas is
  installed and wanted, and a dictionary otherwise.
- An identity that is twice in a frame is an error, and so is a distance below 0.
"""
from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any, Optional

import numpy as np

from .. import _arrays, _core
from .._errors import InputError

__all__ = ["MOTAccumulator", "MetricsHost", "distances", "metrics"]

_NAMES = ("num_frames", "num_objects", "num_predictions", "num_unique_objects", "num_matches", "num_switches", "num_misses",
          "num_false_positives", "num_detections", "num_fragmentations", "mostly_tracked", "partially_tracked", "mostly_lost", "idtp",
          "idfp", "idfn", "idf1", "idp", "idr", "recall", "precision", "mota", "motp")
_MOTCHALLENGE = ["idf1", "idp", "idr", "recall", "precision", "num_unique_objects", "mostly_tracked", "partially_tracked",
                 "mostly_lost", "num_false_positives", "num_misses", "num_switches", "num_fragmentations", "mota", "motp"]


class MOTAccumulator:
    """Frames of objects and hypotheses and the distances between them.

    auto_id  frames number themselves; otherwise each update has a frameid
    """

    def __init__(self, auto_id: bool = False) -> None:
        self.auto_id = auto_id
        self.reset()

    def reset(self) -> None:
        """Back to no frames."""
        self._frames: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._frame_ids: set[Any] = set()
        self._numbers: tuple[dict[Hashable, int], dict[Hashable, int]] = ({}, {})

    def update(self, oids: Iterable[Hashable], hids: Iterable[Hashable], dists: Any, frameid: Any = None) -> Any:
        """Adds a frame, and returns its number.

        oids, hids  identities of the objects (ground truth) and of the hypotheses (tracks)
        dists       [objects x hypotheses], 0 or above; NaN where they may not match
        """
        if self.auto_id != (frameid is None):
            raise InputError("frameid: expected None with auto_id, and a number of the frame without; found "
                             f"{frameid!r} with auto_id={self.auto_id}")
        frame = len(self._frames) if frameid is None else frameid
        if frame in self._frame_ids:
            raise InputError(f"frameid: expected a frame that was not given yet, found {frame!r} again")
        objects, hypotheses = list(oids), list(hids)
        for name, ids in (("oids", objects), ("hids", hypotheses)):
            if len(set(ids)) != len(ids):
                twice = next(id for id in ids if ids.count(id) > 1)
                raise InputError(f"{name}: expected each identity once a frame, found {twice!r} twice")
        shape = (len(objects), len(hypotheses))
        what = f"{shape[0]} x {shape[1]} distances, one for each of oids and hids"
        matrix = _arrays.as_array("dists", dists, what).astype(np.float64)
        if matrix.size == 0 and 0 in shape:
            matrix = np.empty(shape)
        if matrix.size == shape[0] * shape[1] and matrix.ndim <= 2 and matrix.shape != shape and 1 in shape:
            matrix = matrix.reshape(shape)
        if matrix.shape != shape:
            raise InputError(f"dists: expected {what}, found {' x '.join(map(str, matrix.shape))}")
        if np.isinf(matrix).any() or (matrix < 0).any():
            raise InputError("dists: expected numbers from 0 on, or NaN where two may not match; found "
                             f"{matrix[np.isinf(matrix) | (matrix < 0)][0]}")
        numbered = [np.array([of.setdefault(id, len(of)) for id in ids], dtype=np.int64)
                    for of, ids in zip(self._numbers, (objects, hypotheses))]
        self._frames.append((numbered[0], numbered[1], np.ascontiguousarray(matrix)))
        self._frame_ids.add(frame)
        return frame


class MetricsHost:
    """Computes metrics of accumulators."""

    @property
    def names(self) -> list[str]:
        """Of all metrics that there are."""
        return list(_NAMES)

    def compute(self, acc: MOTAccumulator, metrics: Optional[Sequence[str]] = None, return_dataframe: bool = True,
                name: Optional[Any] = None) -> Any:
        """A DataFrame with a row `name` (0 if there is none), or a dictionary with return_dataframe=False or without pandas."""
        values = self._values(acc, metrics)
        return _table([values], [0 if name is None else name]) if return_dataframe else values

    def compute_many(self, accs: Sequence[MOTAccumulator], metrics: Optional[Sequence[str]] = None,
                     names: Optional[Sequence[Any]] = None) -> Any:
        """A row for each accumulator: DataFrame, or without pandas a list of dictionaries."""
        if names is not None and len(names) != len(accs):
            raise InputError(f"names: expected {len(accs)}, one for each of accs, found {len(names)}")
        rows = [self._values(acc, metrics) for acc in accs]
        return _table(rows, list(range(len(rows))) if names is None else list(names))

    @staticmethod
    def _values(acc: MOTAccumulator, metrics: Optional[Sequence[str]]) -> dict[str, Any]:
        wanted = list(_MOTCHALLENGE) if metrics is None else [metrics] if isinstance(metrics, str) else list(metrics)
        unknown = [name for name in wanted if name not in _NAMES]
        if unknown:
            raise InputError(f"metrics: expected names of {', '.join(_NAMES)}; found {unknown[0]!r}")
        found = _core.accumulate(acc._frames)
        return {name: float("nan") if found[name] is None else found[name] for name in wanted}


def _table(rows: list[dict[str, Any]], names: list[Any]) -> Any:
    try:
        import pandas
    except ImportError:
        return rows[0] if len(rows) == 1 else rows
    return pandas.DataFrame(rows, index=names)


def _iou_matrix(objs: Any, hyps: Any, max_iou: float = 1.0) -> np.ndarray:
    """[objects x hypotheses] 1 - IoU of boxes [n x 4] left, top, width, height; NaN above max_iou."""
    first, second = (_arrays.doubles(name, boxes, "left, top, width, height", 4, 4) for name, boxes in (("objs", objs), ("hyps", hyps)))
    if len(first) == 0 or len(second) == 0:
        return np.empty((len(first), len(second)))
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, :2] + first[:, None, 2:], second[None, :, :2] + second[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    union = np.prod(first[:, 2:], axis=1)[:, None] + np.prod(second[:, 2:], axis=1) - shared
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = 1 - np.where(shared == 0, 0.0, shared / union)
    return np.where(distance > max_iou, np.nan, distance)


def _norm2squared_matrix(objs: Any, hyps: Any, max_d2: float = float("inf")) -> np.ndarray:
    """[objects x hypotheses] squared distances of points [n x d]; NaN above max_d2."""
    first, second = (np.atleast_2d(_arrays.as_array(name, points, "points in rows").astype(np.float64))
                     for name, points in (("objs", objs), ("hyps", hyps)))
    if first.size == 0 or second.size == 0:
        return np.empty((0, 0))
    if first.shape[1] != second.shape[1]:
        raise InputError(f"hyps: expected points of {first.shape[1]} numbers, as objs has, found {second.shape[1]}")
    squared = ((first[:, None] - second[None]) ** 2).sum(axis=2)
    return np.where(squared > max_d2, np.nan, squared)


distances = SimpleNamespace(iou_matrix=_iou_matrix, norm2squared_matrix=_norm2squared_matrix)
metrics = SimpleNamespace(create=MetricsHost, motchallenge_metrics=_MOTCHALLENGE, available=list(_NAMES))
