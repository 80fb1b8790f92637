"""reidbench: person re-identification and tracking, evaluated.

    result = reidbench.rank(query, gallery, q_pids, g_pids, q_camids, g_camids)
    print(result.mAP, result.cmc[0])

    scores = reidbench.score("gt.txt", "tracks.txt", benchmark="MOT17")
    print(scores["HOTA"], scores["IDF1"])

    tracker = reidbench.Tracker("bytetrack", track_thresh=0.5)
    tracks = tracker.update(dets)          # [N x 6] x1, y1, x2, y2, confidence, class, a call a frame

`reidbench.compat.torchreid` has torchreid's functions under their own names and signatures.

Arrays are numpy's, or what numpy makes arrays of. Matrices of float32 in C order are read where they are, without a copy.
Everything wrong is a `reidbench.Error`; what is wrong with an argument is a ValueError as well, and names it. Python's lock is
released while reidbench computes, on all processors (`set_threads`), and Ctrl-C ends what runs long. Results are the same bytes for
any number of threads.
"""
from __future__ import annotations

import os as _os
import pathlib as _pathlib

from . import _core
from ._errors import Error, InputError, InternalError, IoError
from .files import Features, read_features, read_mot, write_features, write_mot
from .relinking import RelinkResult, relink
from .retrieval import RankResult, distance_matrix, rank, rerank
from .scoring import Scores, score, score_trackers
from .tracking import Tracker, TrackerInfo, trackers

__version__: str = _core.version()
__all__ = [
    "Error", "Features", "InputError", "InternalError", "IoError", "RankResult", "RelinkResult", "Scores", "Tracker", "TrackerInfo",
    "distance_matrix", "rank", "read_features", "read_mot", "relink", "rerank", "score", "score_trackers", "set_threads", "trackers",
    "write_features", "write_mot",
]


def set_threads(threads: int) -> None:
    """Limits reidbench to so many threads; 0 = all processors this process may use. Results do not depend on it."""
    from ._arrays import whole

    _core.set_threads(whole("threads", threads, 0))


def _find_data() -> None:
    """Of an installation: PREFIX/share/reidbench above PREFIX/lib/python3.x/dist-packages/reidbench."""
    for parent in _pathlib.Path(__file__).resolve().parents[1:6]:
        folder = parent / "share" / "reidbench"
        if (folder / "configs").is_dir():
            _core.set_data_dir(_os.fsencode(folder))
            return


_find_data()
