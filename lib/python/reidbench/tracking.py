"""Online trackers."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from . import _arrays, _core
from ._errors import InputError


@dataclass(frozen=True)
class TrackerInfo:
    """A tracker that there is."""

    name: str
    summary: str
    needs_features: bool
    takes_features: bool
    """Uses embeddings where they are given."""
    takes_affine: bool
    """Uses the camera's motion where it is given."""
    options: dict[str, dict[str, str]]
    """By name: default, expected, help."""


def trackers() -> list[TrackerInfo]:
    """All trackers, the plainest first."""
    return [TrackerInfo(**entry) for entry in _core.trackers()]


class Tracker:
    """A tracker over one sequence: an `update` a frame. One thread at a time; make another for another sequence.

        tracker = Tracker("bytetrack", track_thresh=0.5)
        for dets in detections_by_frame:
            for x1, y1, x2, y2, id, conf, cls, det_index in tracker.update(dets):
                ...

    name     of `trackers()`: "sort", "bytetrack", "ocsort", "deepsort", "botsort", "strongsort", "deepocsort", "hybridsort",
             "boosttrack"
    options  of that tracker: `{t.name: t.options for t in trackers()}`; the defaults are the published ones
    """

    def __init__(self, name: str, **options: Any) -> None:
        self._tracker = _core.Tracker(str(name), _arrays.yaml_options(options))

    @property
    def name(self) -> str:
        return self._tracker.name

    @property
    def frame(self) -> int:
        """Frames so far."""
        return self._tracker.frame

    def update(self, dets: Any, features: Any = None, affine: Any = None) -> np.ndarray:
        """Takes the next frame, which may have no detections, and gives the tracks seen in it.

        dets      [n x 6] x1, y1, x2, y2, confidence, class; pixels, confidence 0 to 1 (class is handed on, and looked at by nobody)
        features  [n x d] an embedding of every detection, of any length > 0
        affine    [2 x 3] how the picture moved: a point (x, y) of the frame before is now at affine @ (x, y, 1)

        Returns [m x 8] float64: x1, y1, x2, y2, id, confidence, class, det_index, ids ascending. det_index is the row of `dets` that
        the track was seen as, -1 where a tracker reports a place that it only predicts.
        """
        boxes = _arrays.doubles("dets", dets, "x1, y1, x2, y2, confidence, class", 6, 6)
        if not np.isfinite(boxes).all():
            row = int(np.argwhere(~np.isfinite(boxes))[0][0])
            raise InputError(f"dets: expected finite numbers, found {boxes[row].tolist()} in row {row} (from 0)")
        looks: Optional[np.ndarray] = None
        if features is not None:
            looks = _arrays.floats("features", features) if len(boxes) else np.empty((0, 1), np.float32)
            if len(looks) != len(boxes) or looks.shape[1] == 0:
                raise InputError(f"features: expected a row for each of {len(boxes)} detections, found {looks.shape[0]} x {looks.shape[1]}")
            _arrays.require_finite("features", looks)
        motion: Optional[np.ndarray] = None
        if affine is not None:
            motion = _arrays.doubles("affine", affine, "2 x 3 numbers", 3, 3)
            if motion.shape != (2, 3):
                raise InputError(f"affine: expected 2 x 3 numbers, found {motion.shape[0]} x {motion.shape[1]}")
            _arrays.require_finite("affine", motion)
        return self._tracker.update(boxes, looks, motion)

    def __repr__(self) -> str:
        return f"Tracker({self.name!r}, after {self.frame} frames)"
