"""Tracking metrics."""
from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

import numpy as np

from . import _arrays, _core
from ._errors import InputError
from ._values import plain

_COLUMNS = "frame, id, left, top, width, height[, score or mark[, class[, visibility]]]"


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """Scores of one tracker and class under TrackEval's field names: HOTA, DetA, AssA, ..., MOTA, IDSW, ..., IDF1, ... Fractions of 1,
    counts as int, None where undefined. Fields over HOTA's thresholds are their mean; "<name>_alpha" has the 19 values."""

    tracker: str
    class_name: str
    combined: dict[str, Any]
    """Over all sequences: TrackEval's COMBINED."""
    sequences: dict[str, dict[str, Any]]
    warnings: list[str]
    """What was odd about the files, and did not keep them from being scored."""

    def __getitem__(self, field: str) -> Any:
        try:
            return self.combined[field]
        except KeyError:
            raise KeyError(f"no field {field!r}; there are {', '.join(self.combined)}") from None

    def to_dict(self) -> dict[str, Any]:
        """All of it in lists and numbers, for JSON."""
        return plain(self)

    def __repr__(self) -> str:
        def percent(field: str) -> str:
            return "n/a" if self.combined[field] is None else f"{100 * self.combined[field]:.2f}"
        return (f"Scores({self.tracker}, {self.class_name}: HOTA={percent('HOTA')} MOTA={percent('MOTA')} IDF1={percent('IDF1')} % "
                f"IDSW={self.combined['IDSW']}, {len(self.sequences)} sequences)")


def _is_path(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike))


def _score_arrays(gt: Any, tracks: Any, benchmark: Optional[str], frame_count: Any, preprocess: bool) -> tuple[list, list]:
    many = isinstance(gt, Mapping)
    if many != isinstance(tracks, Mapping):
        raise InputError("tracks: expected rows of every sequence by its name where gt has that, and one array where gt is one")
    if not many:
        gt, tracks, frame_count = {"sequence": gt}, {"sequence": tracks}, {"sequence": frame_count}
    missing = [name for name in gt if name not in tracks]
    if missing or len(gt) != len(tracks):
        raise InputError(f"tracks: expected the sequences of gt ({', '.join(map(str, gt))}), found {', '.join(map(str, tracks))}")
    if not gt:
        raise InputError("gt: expected at least one sequence, found none")
    frames = frame_count if isinstance(frame_count, Mapping) else {name: frame_count for name in gt}
    sequences = []
    for name in gt:
        length = frames.get(name)
        truth = _arrays.doubles("gt", gt[name], _COLUMNS, 6, 10)
        if benchmark is None and truth.shape[1] < 8:  # ground truth has to state a mark and a class, of which nothing follows here
            truth = np.column_stack([truth, np.ones((len(truth), 8 - truth.shape[1]))])
        sequences.append((str(name), truth,
                          _arrays.doubles("tracks", tracks[name], _COLUMNS, 6, 10),
                          0 if length is None else _arrays.whole("frame_count", length, 1)))
    return _core.score_arrays(sequences, benchmark or "", preprocess)


def score_trackers(gt: Any, tracks: Any, *, benchmark: Optional[str] = None, split: str = "train",
                   seqmap: Union[str, os.PathLike, None] = None, frame_count: Any = None, preprocess: bool = True) -> list[Scores]:
    """As `score`, of every tracker in a folder, or of several files and folders, and of every class: the best HOTA first."""
    if not isinstance(benchmark, (str, type(None))):
        raise InputError(f"benchmark: expected a name or None, found {benchmark!r}")
    if _is_path(gt):
        paths = [tracks] if _is_path(tracks) else tracks
        if not isinstance(paths, Sequence) or not paths or not all(_is_path(path) for path in paths):
            raise InputError(f"tracks: expected a file or folder, or several, because gt is one; found {type(tracks).__name__}")
        if frame_count is not None:
            raise InputError("frame_count: expected None, because seqinfo.ini beside the ground truth says it")
        found, warnings = _core.score_files(os.fsencode(gt), [os.fsencode(path) for path in paths], benchmark or "MOT17", str(split),
                                            b"" if seqmap is None else os.fsencode(seqmap), _arrays.flag("preprocess", preprocess))
    else:
        if seqmap is not None:
            raise InputError("seqmap: expected None, because gt is no path")
        found, warnings = _score_arrays(gt, tracks, benchmark, frame_count, _arrays.flag("preprocess", preprocess))
    return [Scores(**entry, warnings=warnings) for entry in found]


def score(gt: Any, tracks: Any, *, benchmark: Optional[str] = None, split: str = "train",
          seqmap: Union[str, os.PathLike, None] = None, frame_count: Any = None, preprocess: bool = True) -> Scores:
    """HOTA, CLEAR, Identity and VACE of a tracker's results, as TrackEval computes them.

    gt, tracks  files, or folders of sequences in any of the layouts of `reidbench score`; or arrays [n x 6..10] with rows
                frame, id, left, top, width, height[, score or mark[, class[, visibility]]], frames from 1, pixels; or dictionaries of
                such arrays by the name of the sequence. A ground truth row with mark 0 does not count.
    benchmark   whose rules: "MOT15", "MOT16", "MOT17", "MOT20", "DanceTrack", ... or a YAML file. None is MOT17 for files; for arrays
                every row counts, whatever its class.
    split       of TrackEval's layout
    seqmap      file with the names of the sequences to score
    frame_count  of arrays: the video's length in frames, or lengths by name; None = the last frame that has a row
    preprocess  False is TrackEval's DO_PREPROC False
    """
    scores = score_trackers(gt, tracks, benchmark=benchmark, split=split, seqmap=seqmap, frame_count=frame_count,
                            preprocess=preprocess)
    if len(scores) != 1:
        names = ", ".join(f"{entry.tracker} ({entry.class_name})" for entry in scores)
        raise InputError(f"tracks: expected results of one tracker and class, found {names}; score_trackers gives all")
    return scores[0]
