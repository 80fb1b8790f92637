"""Every function with arguments of all kinds: a right answer or an error of ours, never a crash. REIDBENCH_ODD_CALLS=10000 does more."""
import inspect
import os
import random
import tempfile
import unittest
import warnings

import numpy as np

import reidbench
from reidbench.compat import torchreid

CALLS = int(os.environ.get("REIDBENCH_ODD_CALLS", "600"))


def odd_array(chance):
    """Mostly plausible; of any type, shape and layout."""
    rows, columns = chance.choice([0, 1, 2, 3, 5, 8, 40]), chance.choice([0, 1, 2, 3, 6, 6, 6, 7, 9, 10, 11])
    shape = chance.choice([(rows, columns)] * 6 + [(rows,)] * 4 + [(), (2, 3), (2, rows, columns)])
    kind = chance.choice(["f4"] * 4 + ["f8", "f2", "i8", "i4", "u1", "u8", ">f4", ">i2", "?", "c8", "O", "U3"])
    array = (np.random.default_rng(chance.randrange(2**32)).standard_normal(shape) * chance.choice([1, 1, 1, 50, 1e9, 1e38]))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = np.asarray(array).astype(kind)
    if chance.random() < 0.2 and array.size and array.dtype.kind == "f":
        array[tuple(chance.randrange(n) for n in array.shape)] = chance.choice([np.nan, np.inf, -np.inf, 0, -0.0, 1e-40])
    for change in (lambda a: np.asfortranarray(a), lambda a: a[::-1], lambda a: a[..., ::2], lambda a: a.T, lambda a: a.tolist()):
        if chance.random() < 0.08 and np.ndim(array):
            array = change(np.asarray(array))
    return array


def boxes(chance):
    """Rows that are nearly those of tracks."""
    rows = np.array([[frame, id, 20 * id + frame, 5, 10, 20, 0.9] for frame in range(1, chance.randrange(2, 9)) for id in range(1, 4)])
    if chance.random() < 0.3:
        rows[chance.randrange(len(rows)), chance.randrange(7)] = chance.choice([np.nan, -1, 0, 1.5, 1e300, -np.inf, 2**53, 3])
    return rows


def odd_value(chance, folder):
    return chance.choice([
        lambda: odd_array(chance), lambda: odd_array(chance), lambda: odd_array(chance), lambda: boxes(chance),
        lambda: chance.choice([None, True, 0, 1, -1, 2, 20, 1001, 2**31, 2**70, 0.5, -0.5, float("nan"), float("inf"), 1e-300]),
        lambda: chance.choice(["", "cosine", "euclidean", "MOT17", "market1501", "zhong", "sort", "deepsort", "x", "\0", "é", "a\nb: 1"]),
        lambda: os.path.join(folder, chance.choice(["a.h5", "b.txt", "none/c.txt", ""])),
        lambda: [], lambda: {}, lambda: {"a": boxes(chance)}, lambda: object(), lambda: [[1], [2, 3]], lambda: (1, 2)])()


def good_arguments(name, chance, folder):
    """By name: what the function may be given, some of it replaced by odd values afterwards."""
    n, m, d = 6, 14, 4
    floats = np.random.default_rng(chance.randrange(2**32)).standard_normal((m, d)).astype(np.float32)
    ids = np.arange(m) % 3 + 1
    square = torchreid.compute_distance_matrix(floats, floats)
    given = {
        "rank": dict(query=floats[:n], gallery=floats, q_pids=ids[:n], g_pids=ids, q_camids=ids[:n] * 0, g_camids=ids, resamples=0),
        "distance_matrix": dict(query=floats[:n], gallery=floats), "rerank": dict(query=floats[:n], gallery=floats, k1=3, k2=2),
        "score": dict(gt=boxes(chance), tracks=boxes(chance)), "score_trackers": dict(gt=boxes(chance), tracks=boxes(chance)),
        "relink": dict(tracks=boxes(chance)), "read_mot": dict(path=os.path.join(folder, "b.txt")),
        "write_mot": dict(path=os.path.join(folder, "b.txt"), tracks=boxes(chance), overwrite=True),
        "read_features": dict(path=os.path.join(folder, "a.h5")),
        "write_features": dict(path=os.path.join(folder, "a.h5"), features=floats, person_id=ids, camera_id=ids, split=["query"] * m,
                               overwrite=True),
        "compute_distance_matrix": dict(input1=floats[:n], input2=floats),
        "evaluate_rank": dict(distmat=square[:n], q_pids=ids[:n], g_pids=ids, q_camids=ids[:n] * 0, g_camids=ids),
        "re_ranking": dict(q_g_dist=square[:n, n:], q_q_dist=square[:n, :n], g_g_dist=square[n:, n:], k1=3, k2=2),
    }
    return given[name]


class OddArguments(unittest.TestCase):
    def setUp(self):
        # What is written to an odd name is written there.
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def call(self, function, arguments):
        """Whether it answered."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                function(**arguments)
            return True
        except (reidbench.InputError, reidbench.IoError, TypeError):
            return False
        except Exception as error:
            self.fail(f"{type(error).__name__} ({error}) from {function.__name__}({arguments})")

    def test_functions(self):
        functions = [getattr(reidbench, name) for name in
                     ("rank", "distance_matrix", "rerank", "score", "score_trackers", "relink", "read_mot", "write_mot", "read_features",
                      "write_features")] + [getattr(torchreid, name) for name in torchreid.__all__]
        answered = 0
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(CALLS):
                chance = random.Random(seed)
                function = functions[seed % len(functions)]
                arguments = good_arguments(function.__name__, chance, folder)
                names = [name for name, p in inspect.signature(function).parameters.items() if p.kind != p.VAR_KEYWORD]
                for _ in range(chance.randrange(3)):
                    arguments[chance.choice(names)] = odd_value(chance, folder)
                with self.subTest(seed=seed):
                    answered += self.call(function, arguments)
        self.assertGreater(answered, CALLS / 5)
        self.assertLess(answered, CALLS)

    def test_trackers(self):
        names = [info.name for info in reidbench.trackers()]
        answered = 0
        for seed in range(CALLS // 6):
            chance = random.Random(seed)
            tracker = reidbench.Tracker(names[seed % len(names)])
            for _ in range(6):
                dets = np.random.default_rng(chance.randrange(2**32)).uniform(0, 1, (chance.randrange(5), 6)) * [500, 300, 600, 400, 1, 3]
                arguments = dict(dets=dets, features=dets.astype(np.float32) if tracker.name == "deepsort" else None)
                if chance.random() < 0.4:
                    arguments[chance.choice(["dets", "features", "affine"])] = odd_value(chance, "")
                with self.subTest(seed=seed, name=tracker.name):
                    answered += self.call(tracker.update, arguments)
        self.assertGreater(answered, CALLS / 3)


if __name__ == "__main__":
    unittest.main()
