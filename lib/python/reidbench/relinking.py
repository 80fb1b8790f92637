"""Re-ID correction of finished tracks."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from . import _arrays, _core
from ._errors import InputError
from ._values import plain


@dataclass(frozen=True, eq=False, repr=False)
class RelinkResult:
    """Corrected identities and why."""

    ids: np.ndarray
    """[n] int64: the identity of each row of the tracks."""
    decisions: list[dict[str, Any]]
    """Taken or refused near the threshold: kind ("split", "swap", "link"), accepted, track_before, track_after, frame_before,
    frame_after, gap_s, appearance_distance, log_likelihood_ratio, threshold, reason, gates, ..."""
    appearance_usable: bool
    """False: the embeddings do not tell people apart here."""
    note: str

    def to_dict(self) -> dict[str, Any]:
        """All of it in lists and numbers, for JSON."""
        return plain(self)

    def __repr__(self) -> str:
        accepted = sum(decision["accepted"] for decision in self.decisions)
        return f"RelinkResult({len(self.ids)} boxes, {len(np.unique(self.ids))} identities, {accepted} decisions)"


def relink(tracks: Any, features: Any = None, *, frame_rate: Optional[float] = None,
           image_size: Optional[tuple[int, int]] = None, method: str = "relink", **options: Any) -> RelinkResult:
    """Gives a lost person the earlier identity back, and undoes swaps, in the finished tracks of one sequence.

    tracks      [n x 6..10] frame, id, left, top, width, height[, score, ...]: frames from 1, pixels
    features    [n x d] an embedding of every row; rows of NaN have none; None = by motion alone
    frame_rate  frames per second; None: 25
    image_size  (width, height) in pixels; None = not known
    method, options  as of `reidbench relink --method` and `--option`
    """
    rows = _arrays.doubles("tracks", tracks, "frame, id, left, top, width, height[, score]", 6, 10)
    looks = np.empty((0, 1), np.float32)
    places = np.full(len(rows), -1, np.int64)
    if features is not None:
        looks = _arrays.floats("features", features)
        if len(looks) != len(rows) or looks.shape[1] == 0:
            raise InputError(f"features: expected a row for each of {len(rows)} boxes, found {looks.shape[0]} x {looks.shape[1]}")
        finite = np.isfinite(looks).all(axis=1)
        if not finite.all():
            looks = np.ascontiguousarray(looks[finite])
        places[finite] = np.arange(len(looks))
    rate = 0.0 if frame_rate is None else _arrays.number("frame_rate", frame_rate, 1e-3, 1e6)
    width, height = 0, 0
    if image_size is not None:
        if not isinstance(image_size, (tuple, list)) or len(image_size) != 2:
            raise InputError(f"image_size: expected (width, height), found {type(image_size).__name__}")
        width, height = (_arrays.whole("image_size", side, 1) for side in image_size)
    found = _core.relink(rows, looks, places, method=str(method), options=_arrays.yaml_options(options), frame_rate=rate,
                         image_width=width, image_height=height)
    return RelinkResult(**found)
