"""Writes the small HDF5 files of this folder with h5py, the way somebody's own script would. Run inside the folder."""

import h5py
import numpy as np

N, D = 6, 4
FEATURES = np.arange(N * D).reshape(N, D) / 8
LABELS = {
    "person_id": np.array([1, 1, 2, 2, 0, -1], np.int32),
    "camera_id": np.array([1, 2, 1, 3, 1, 6], np.int16),
    "split": np.array([2, 3, 2, 3, 3, 0], np.uint8),
}
PATHS = ["query/a.jpg", "gallery/b.jpg", "query/ü.jpg", "gallery/d.jpg", "gallery/e.jpg", "train/f.jpg"]


def write(name, features=FEATURES.astype(np.float32), labels=LABELS, **options):
    file = h5py.File(name, "w")
    file.create_dataset("features", data=features, **options)
    for key, values in labels.items():
        file[key] = values
    return file


write("minimal.h5").close()
write("float64_big_endian.h5", FEATURES.astype(">f8")).close()
write("float16.h5", FEATURES.astype(np.float16)).close()
write("gzip.h5", chunks=(2, 3), compression="gzip", shuffle=True).close()
write("lzf.h5", chunks=(2, 4), compression="lzf").close()
with write("variable_paths.h5", labels=LABELS | {"split": ["query", "gallery", "query", "gallery", "gallery", "train"]}) as f:
    f["path"] = PATHS
    f.attrs["architecture"] = "resnet50"
    f.attrs["normalized"] = True
with write("new_format.h5") as f:
    f.attrs["schema"] = "reidbench.features"
    f.attrs["schema_version"] = 2
with write("no_camera.h5", labels={k: v for k, v in LABELS.items() if k != "camera_id"}):
    pass
with write("ragged.h5", labels=LABELS | {"person_id": LABELS["person_id"][:-1]}):
    pass
with write("bad_split.h5", labels=LABELS | {"split": np.array([2, 3, 2, 3, 7, 0])}):
    pass
nan = FEATURES.astype(np.float32)
nan[4, 2] = np.nan
write("nan.h5", nan).close()
write("integers.h5", np.zeros((N, D), np.int32)).close()
write("one_dimension.h5", np.zeros(N, np.float32)).close()
with h5py.File("foreign.h5", "w") as f:
    f["images"] = np.zeros((2, 3), np.uint8)
    f.create_group("meta")
with write("group.h5", labels={k: v for k, v in LABELS.items() if k != "split"}) as f:
    f.create_group("split")
with write("external_link.h5", labels={k: v for k, v in LABELS.items() if k != "split"}) as f:
    f["split"] = h5py.ExternalLink("minimal.h5", "/split")
# A terabyte that nobody wrote: 2^38 rows of a chunked dataset without chunks.
with h5py.File("never_written.h5", "w") as f:
    f.create_dataset("features", (1 << 38, 1), np.float32, chunks=(1024, 1))
# Contiguous space is also not taken before the first write.
with h5py.File("never_written_contiguous.h5", "w") as f:
    f.create_dataset("features", (1 << 38, 1), np.float32)
