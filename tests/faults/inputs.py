"""Small valid inputs of every command, made by the commands themselves, in one folder."""
import os
import struct
import subprocess


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Message:
    """Protocol buffers: just enough for a small ONNX network."""

    def __init__(self):
        self.bytes = b""

    @staticmethod
    def varint(value):
        out = b""
        while value >= 0x80:
            out += bytes([value & 0x7F | 0x80])
            value >>= 7
        return out + bytes([value])

    def number(self, field, value):
        self.bytes += self.varint(field << 3) + self.varint(value)
        return self

    def text(self, field, value):
        value = value.bytes if isinstance(value, Message) else value.encode() if isinstance(value, str) else value
        self.bytes += self.varint(field << 3 | 2) + self.varint(len(value)) + value
        return self


def value_info(name, shape):
    sizes = Message()
    for size in shape:
        sizes.text(1, Message().number(1, size) if size else Message().text(2, "n"))
    return Message().text(1, name).text(2, Message().text(1, Message().number(1, 1).text(2, sizes)))


def small_onnx():
    """Images [n, 3, 32, 16] -> a 1x1 convolution to 4 channels, its global mean -> embeddings [n, 4]."""
    weights = [((7 * i) % 11 - 5) / 10 for i in range(12)]
    tensor = Message()
    for size in (4, 3, 1, 1):
        tensor.number(1, size)
    tensor.number(2, 1).text(8, "w").text(9, struct.pack("<12f", *weights))
    kernel = Message().text(1, "kernel_shape").number(8, 1).number(8, 1).number(20, 7)
    axis = Message().text(1, "axis").number(3, 1).number(20, 2)
    graph = Message()
    graph.text(1, Message().text(1, "x").text(1, "w").text(2, "c").text(3, "c").text(4, "Conv").text(5, kernel))
    graph.text(1, Message().text(1, "c").text(2, "g").text(3, "g").text(4, "GlobalAveragePool"))
    graph.text(1, Message().text(1, "g").text(2, "y").text(3, "y").text(4, "Flatten").text(5, axis))
    graph.text(2, "graph").text(5, tensor)
    graph.text(11, value_info("x", (0, 3, 32, 16))).text(12, value_info("y", (0, 4)))
    return Message().number(1, 8).text(2, "test").text(7, graph).text(8, Message().text(1, "").number(2, 12)).bytes


def small_detector():
    """Images [1, 3, 64, 64] -> 300 finished rows [x1, y1, x2, y2, score, class], all the same but for their mean."""
    def tensor(name, sizes, data_type, data):
        made = Message()
        for size in sizes:
            made.number(1, size)
        return made.number(2, data_type).text(8, name).text(9, data)

    rows = [(8.0 + i % 20, 8.0, 40.0, 50.0, 0.5 if i < 5 else 0.0, 0.0) for i in range(300)]
    graph = Message()
    graph.text(1, Message().text(1, "x").text(2, "g").text(3, "g").text(4, "GlobalAveragePool"))
    graph.text(1, Message().text(1, "g").text(1, "shape").text(2, "r").text(3, "r").text(4, "Reshape"))
    graph.text(1, Message().text(1, "r").text(1, "nothing").text(2, "z").text(3, "z").text(4, "MatMul"))
    graph.text(1, Message().text(1, "z").text(1, "rows").text(2, "output").text(3, "output").text(4, "Add"))
    graph.text(2, "graph").text(5, tensor("shape", [3], 7, struct.pack("<3q", 1, 1, 3)))
    graph.text(5, tensor("nothing", [3, 6], 1, bytes(72)))
    graph.text(5, tensor("rows", [1, 300, 6], 1, b"".join(struct.pack("<6f", *row) for row in rows)))
    graph.text(11, value_info("x", (1, 3, 64, 64))).text(12, value_info("output", (1, 300, 6)))
    return Message().number(1, 8).text(2, "test").text(7, graph).text(8, Message().text(1, "").number(2, 12)).bytes


RECIPES = {  # files that are simply written
    "folder.yaml": "kind: reid\ntitle: Mine\nlayouts:\n  - names: '{person}_c{camera}'\n    folders: {gallery: people}\n",
    "sort.yaml": "tracker: sort\nmax_age: 3\nmin_hits: 2\niou_threshold: 0.3\n",
    "relink.yaml": "method: gallery-mean\n",
    "options.yaml": "tracker: sort\ndetections: in/world/mot/train\ndecimals: 3\n",
    "scene.yaml": "scene: queue\nseed: 3\ncameras: 1\nframes: 3\nimage_width: 160\nimage_height: 120\npeople: 3\n"
                  "reid_identities: 0\nframe_rate: [12.5]\njitter: 0.05\n",
    "experiment.yaml": "question: How long should a lost track wait?\nseed: 2\ndata:\n  sequences: world/mot/train\n"
                       "trackers:\n  - name: sort\n    options: {max_age: [1, 10]}\n  - name: bytetrack\n"
                       "score: {options: {bootstrap: 100}}\n",
    "shop.yaml": "name: shop\npeople_per_frame: 2\nstages: {decode: server, resize: none, embed: none, track: server}\n",
    "seqmap.txt": "name\nmall-7-c1\nmall-7-c2\n",
}


class Inputs:
    def __init__(self, programs, source, folder):
        self.programs, self.source, self.folder = programs, source, folder

    def reidbench(self, *words):
        result = subprocess.run([os.path.join(self.programs, "reidbench"), *words, "--quiet"], cwd=self.folder,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if result.returncode != 0:
            raise RuntimeError(f"reidbench {' '.join(words)}: exit {result.returncode}: {result.stderr.decode()}")
        return result.stdout

    def make(self):
        """Everything lies in folder/in; commands name it relative to `folder`."""
        here = os.path.join(self.folder, "in")
        os.makedirs(here)
        for name, text in RECIPES.items():
            write(os.path.join(here, name), text)
        self.reidbench("synth", "--output", "in/world", "--cameras", "2", "--frames", "20", "--image-width", "320",
                       "--image-height", "240", "--people", "6", "--seed", "7", "--hall-width-m", "14", "--hall-depth-m", "9",
                       "--reid-identities", "8", "--reid-images", "2", "--reid-train", "0.5", "--frame-rate", "5")
        sequences = sorted(os.listdir(os.path.join(here, "world/mot/train")))
        self.reidbench("track", "--detections", "in/world/mot/train", "--tracker", "sort", "--option", "min_hits=1",
                       "--output", "in/tracks")
        small = ["--height", "32", "--width", "16"]
        os.mkdir(os.path.join(here, "boxes"))
        os.mkdir(os.path.join(here, "detected"))
        for sequence in sequences:
            frames = f"in/world/mot/train/{sequence}"
            self.reidbench("extract", "--frames", frames, "--boxes", f"in/tracks/{sequence}.txt", "--output",
                           f"in/boxes/{sequence}.h5", *small)
            self.reidbench("extract", "--frames", frames, "--boxes", f"{frames}/det/det.txt", "--output",
                           f"in/detected/{sequence}.h5", *small)
        self.reidbench("extract", "--dataset", "market_layout", "--root", "in/world/reid", "--splits", "all", "--output",
                       "in/reid.h5", "--engine", "histogram")
        self.reidbench("relink", "--tracks", "in/tracks", "--features", "in/boxes", "--sequences", "in/world/mot/train",
                       "--output", "in/corrected")
        self.reidbench("render", "--sequence", f"in/world/mot/train/{sequences[0]}", "--tracks",
                       f"in/tracks/{sequences[0]}.txt", "--codec", "mpeg4", "--output", "in/clip.avi")
        write(os.path.join(here, "net.onnx"), small_onnx())
        write(os.path.join(here, "detector.onnx"), small_detector())
        write(os.path.join(here, "net.pth"), read(os.path.join(self.source, "configs/models/osnet_x0_25_synthetic.pth")))
        write(os.path.join(here, "mot17.yaml"), read(os.path.join(self.source, "configs/protocols/mot17.yaml")))
        write(os.path.join(here, "machine.json"),
              self.reidbench("profile", "--quick", "--stages", "decode,track", "--format", "json"))
        write(os.path.join(here, "expect.yaml"),
              read(os.path.join(self.source, "experiments/market1501_osnet_x0_25_from_msmt17.yaml")))
        self._list()
        self._archive()

    def _list(self):
        """A list of images as CSV and as JSON."""
        here = os.path.join(self.folder, "in")
        rows = []
        for split, folder in (("query", "query"), ("gallery", "bounding_box_test")):
            for name in sorted(os.listdir(os.path.join(here, "world/reid", folder))):
                if name.endswith(".jpg") and not name.startswith("-1"):
                    rows.append((f"world/reid/{folder}/{name}", int(name[:4]), int(name.split("_c")[1][0]), split))
        write(os.path.join(here, "list.csv"),
              "path,person,camera,split\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
        keys = ("path", "person", "camera", "split")
        lines = [", ".join(f'"{key}": "{value}"' if isinstance(value, str) else f'"{key}": {value}'
                           for key, value in zip(keys, row)) for row in rows]
        write(os.path.join(here, "list.json"), "[\n" + ",\n".join("{" + line + "}" for line in lines) + "\n]\n")

    def _archive(self):
        """numpy's .npz, stored: features [8, 3] of four persons by two cameras."""
        def npy(descr, shape, data):
            header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
            header += " " * (63 - (len(header) + 10) % 64) + "\n"
            return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data
        arrays = {"features": npy("<f4", (8, 3), struct.pack("<24f", *[(i * i) % 7 for i in range(24)])),
                  "person_id": npy("<i8", (8,), struct.pack("<8q", 1, 2, 3, 4, 1, 2, 3, 4)),
                  "camera_id": npy("<i8", (8,), struct.pack("<8q", 1, 1, 1, 1, 2, 2, 2, 2)),
                  "split": npy("|u1", (8,), bytes([2, 2, 2, 2, 3, 3, 3, 3]))}
        import zlib
        body, directory = b"", b""
        for name, data in arrays.items():
            name = (name + ".npy").encode()
            about = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, zlib.crc32(data), len(data), len(data), len(name), 0)
            directory += b"PK\x01\x02" + struct.pack("<H", 20) + about + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name
            body += b"PK\x03\x04" + about + name + data
        end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(arrays), len(arrays), len(directory), len(body), 0)
        write(os.path.join(self.folder, "in/reid.npz"), body + directory + end)
