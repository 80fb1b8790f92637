"""MOT text and feature files."""
from __future__ import annotations

import os
import warnings as _warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Union

import numpy as np

from . import _arrays, _core
from ._errors import InputError

_Path = Union[str, os.PathLike]


def read_mot(path: _Path, kind: str = "tracks", *, has_classes: bool = True) -> np.ndarray:
    """[n x 9] float64: frame, id, left, top, width, height, score or mark, class, visibility, in the order of the file; class -1 and
    visibility NaN where they are not stated.

    kind  "gt", "tracks" or "detections" (whose ids are -1)
    has_classes  column 8 is a class; False for MOT15

    What is odd about a file, and does not keep it from being read, is a Python warning.
    """
    rows, odd = _core.read_mot(os.fsencode(path), str(kind), _arrays.flag("has_classes", has_classes))
    for text in odd:
        _warnings.warn(text, stacklevel=2)
    return rows


def write_mot(path: _Path, tracks: Any, *, overwrite: bool = False) -> None:
    """Writes rows frame, id, left, top, width, height[, score] as a result file: whole, or not at all. Numbers are in the shortest
    form that reads back equal."""
    rows = _arrays.doubles("tracks", tracks, "frame, id, left, top, width, height[, score]", 6, 10)
    _core.write_mot(os.fsencode(path), np.ascontiguousarray(rows[:, :7]), _arrays.flag("overwrite", overwrite))


@dataclass(frozen=True, eq=False, repr=False)
class Features:
    """Embeddings and their labels, a row each; labels that a file does not have are None."""

    features: np.ndarray
    """[n x d] float32."""
    person_id: Optional[np.ndarray] = None
    """[n] int64; 0 = distractor, below 0 = junk."""
    camera_id: Optional[np.ndarray] = None
    split: Optional[list[str]] = None
    """"train", "val", "query", "gallery" or "none"."""
    path: Optional[list[str]] = None
    """Of the image."""
    frame: Optional[np.ndarray] = None
    """[n] int64, from 1: crops of tracks only, like the next two."""
    track_id: Optional[np.ndarray] = None
    box_ltwh: Optional[np.ndarray] = None
    """[n x 4] float64: left, top, width, height in pixels."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """weights_sha256, weights_file, architecture, preprocessing, engine, precision, normalized, dataset, dataset_fingerprint,
    reidbench_version."""
    skipped: list[str] = field(default_factory=list)
    """Images that extraction left out because they are damaged."""

    def part(self, name: str) -> np.ndarray:
        """[n] bool: the rows of a split, to index the arrays with."""
        if self.split is None:
            raise InputError("split: expected labels of the split, found none in these features")
        return np.array([part == name for part in self.split], dtype=bool)

    def __repr__(self) -> str:
        return f"Features({self.features.shape[0]} x {self.features.shape[1]}, {self.provenance.get('architecture') or 'unknown network'})"


def read_features(path: _Path) -> Features:
    """Reads a feature file of `reidbench extract` (HDF5), or numpy's .npz and .npy."""
    return Features(**_core.read_features(os.fsencode(path)))


def write_features(path: _Path, features: Any, *, person_id: Any = None, camera_id: Any = None, split: Any = None,
                   paths: Optional[Sequence[str]] = None, frame: Any = None, track_id: Any = None, box_ltwh: Any = None,
                   provenance: Optional[Mapping[str, Any]] = None, half: bool = False, overwrite: bool = False) -> None:
    """Writes a feature file that every command reads: whole, or not at all.

    features   [n x d], finite
    person_id, camera_id, split  all three for `rank`; split is a word a row: "query", "gallery", "train", "val", "none"
    frame, track_id  both for `relink` and `track`, with box_ltwh [n x 4] in pixels
    provenance  as `Features.provenance`; files whose provenance differs are not ranked together
    half       float16 on disk
    """
    values = _arrays.floats("features", features)
    rows, of = len(values), "row of features"
    if rows == 0 or not 1 <= values.shape[1] <= 1 << 20:
        raise InputError(f"features: expected rows of 1 to {1 << 20} numbers, found {rows} x {values.shape[1]}")
    persons = [name for name, given in (("person_id", person_id), ("camera_id", camera_id), ("split", split)) if given is not None]
    tracks = [name for name, given in (("frame", frame), ("track_id", track_id)) if given is not None]
    if len(persons) not in (0, 3) or len(tracks) not in (0, 2) or not persons + tracks:
        raise InputError("labels: expected person_id, camera_id and split, or frame and track_id, or all five; found "
                         f"{', '.join(persons + tracks) or 'none'}")

    def integers(name: str, given: Any) -> Optional[np.ndarray]:
        return None if given is None else _arrays.integers(name, given, rows, of)

    def words(name: str, given: Any) -> list[bytes]:
        found = [] if given is None else [os.fsencode(str(word)) for word in given]
        if given is not None and len(found) != rows:
            raise InputError(f"{name}: expected {rows} words, one a {of}, found {len(found)}")
        return found

    boxes = None
    if box_ltwh is not None:
        boxes = _arrays.doubles("box_ltwh", box_ltwh, "left, top, width, height", 4, 4)
        if len(boxes) != rows:
            raise InputError(f"box_ltwh: expected {rows} boxes, one a {of}, found {len(boxes)}")
        _arrays.require_finite("box_ltwh", boxes)
    if not isinstance(provenance, (Mapping, type(None))):
        raise InputError(f"provenance: expected a dictionary, found {type(provenance).__name__}")
    fields = dict(provenance or {})
    normalized = _arrays.flag("normalized", fields.pop("normalized", False))
    _core.write_features(os.fsencode(path), values, integers("person_id", person_id), integers("camera_id", camera_id),
                         words("split", split), words("paths", paths), integers("frame", frame), integers("track_id", track_id),
                         boxes, {str(key): str(value) for key, value in fields.items()}, normalized, _arrays.flag("half", half), _arrays.flag("overwrite", overwrite))
