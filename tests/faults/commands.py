"""The commands that are disturbed: their words, what they write, and which of their inputs are mutated."""
import os
import threading

SMALL = "--height 32 --width 16"
SEQUENCE = "in/world/mot/train/mall-7-c1"


class Case:
    def __init__(self, name, words, writes=True, inputs=(), resumes=(), weight=1, may_fail_check=False, run_folder=False):
        self.name = name
        self.words = words.split()
        self.writes = writes                  # into out/
        self.inputs = list(inputs)            # files below in/ that are mutated
        if self.words[0] == "track":
            resumes = [*resumes, "track.partial"]
        self.resumes = tuple(resumes)         # names that a killed or failed run may leave, to go on from
        self.weight = weight                  # how often it is taken
        self.may_fail_check = may_fail_check  # exit code 1 is an answer
        self.lock = threading.Lock()
        self.is_sound = False                 # the undisturbed command does its work
        self.baseline = None                  # what it then does
        self.run_folder = run_folder          # each run has a folder of its own: only finished stages are compared


def cases(programs):
    mot = ["world/mot/train/mall-7-c1/det/det.txt", "world/mot/train/mall-7-c2/det/det.txt",
           "world/mot/train/mall-7-c1/seqinfo.ini", "world/mot/train/mall-7-c1/gt/gt.txt"]
    truth = mot[2:] + ["world/mot/train/mall-7-c2/gt/gt.txt", "tracks/mall-7-c1.txt", "tracks/mall-7-c2.txt"]
    images = ["world/reid/query/*.jpg", "world/reid/bounding_box_test/*.jpg"]
    frames = ["world/mot/train/mall-7-c1/img1/*.jpg"]
    boxes = ["boxes/mall-7-c1.h5", "boxes/mall-7-c2.h5"]
    extract = f"extract --dataset market_layout --root in/world/reid --output out/f.h5 {SMALL} "
    compare = "compare --gt in/world/mot/train --plain in/tracks --corrected in/corrected --bootstrap 100 "
    found = [
        Case("check-mot", "check --gt in/world/mot/train --tracks in/tracks --detections in/world/mot/train --output out/c.txt",
             inputs=truth + mot[:2], may_fail_check=True),
        Case("check-reid", "check --dataset market_layout --root in/world/reid --output out/c.json --format json",
             inputs=images, may_fail_check=True),
        Case("check-list-csv", "check --dataset list --list in/list.csv", False, ["list.csv"], may_fail_check=True),
        Case("check-list-json", "check --dataset list --list in/list.json", False, ["list.json"], may_fail_check=True),
        Case("check-yaml", "check --dataset in/folder.yaml --root in/world", False, ["folder.yaml"], may_fail_check=True),
        Case("check-pth", "check --weights in/net.pth", False, ["net.pth"]),
        Case("check-onnx", "check --weights in/net.onnx", False, ["net.onnx"]),
        Case("extract-colours", extract + "--engine histogram", inputs=images, resumes=["f.h5.partial"]),
        Case("extract-pth", extract + "--weights in/net.pth --batch-size 4", inputs=["net.pth"], resumes=["f.h5.partial"]),
        Case("extract-onnx", "extract --dataset market_layout --root in/world/reid --output out/f.h5 --weights in/net.onnx "
             "--engine opencv", inputs=["net.onnx"], resumes=["f.h5.partial"]),
        Case("extract-frames", f"extract --frames {SEQUENCE} --boxes in/tracks/mall-7-c1.txt --output out/f.h5 {SMALL} "
             "--batch-size 4", inputs=frames + ["tracks/mall-7-c1.txt", mot[2]], resumes=["f.h5.partial"]),
        Case("extract-video", f"extract --frames in/clip.avi --boxes in/tracks/mall-7-c1.txt --output out/f.h5 "
             "--engine histogram", inputs=["clip.avi"], resumes=["f.h5.partial"], weight=2),
        Case("rank", "rank in/reid.h5 --bootstrap 100 --format json --output out/r.json --per-query out/q.csv --cmc out/c.svg "
             "--html out/p.html --images in/world/reid --explain", inputs=["reid.h5"] + images, weight=2),
        Case("rank-npz", "rank in/reid.npz --bootstrap 100 --output out/r.txt", inputs=["reid.npz"]),
        Case("rank-rerank", "rank in/reid.h5 --bootstrap 0 --rerank zhong --k1 4 --k2 2 --output out/r.txt",
             inputs=["reid.h5"]),
        Case("rank-expect", "rank in/reid.h5 --bootstrap 0 --expect in/expect.yaml", False, ["expect.yaml"],
             may_fail_check=True),
        Case("track", "track --detections in/world/mot/train --tracker bytetrack --output out/t", inputs=mot[:3]),
        Case("track-options", "track --config in/options.yaml --output out/t", inputs=["options.yaml"]),
        Case("track-config", "track --detections in/world/mot/train --tracker-config in/sort.yaml --output out/t",
             inputs=["sort.yaml"]),
        Case("track-deepsort", "track --detections in/world/mot/train --tracker deepsort --features in/detected --output out/t",
             inputs=["detected/mall-7-c1.h5"] + mot[:1]),
        Case("track-sweep", "track --detections in/world/mot/train --gt in/world/mot/train --tracker sort --sweep "
             "max_age=1,2,3,4,5,6,7,8,9,10,11,12 --output out/t --html out/p.html --pareto out/f.svg", inputs=mot),
        Case("relink", "relink --tracks in/tracks --features in/boxes --sequences in/world/mot/train --gt in/world/mot/train "
             "--output out/t --save-galleries out/g --frames in/world/mot/train --interpolate 5",
             inputs=boxes + truth + frames, weight=2),
        Case("relink-config", "relink --tracks in/tracks --features in/boxes --sequences in/world/mot/train --method-config "
             "in/relink.yaml --output out/t", inputs=["relink.yaml"]),
        Case("score", "score --gt in/world/mot/train --tracks in/tracks --bootstrap 100 --output out/s.json --format json "
             "--trackeval-output out/te --switches out/s.csv --seqmap in/seqmap.txt", inputs=truth + ["seqmap.txt"]),
        Case("score-rules", "score --gt in/world/mot/train --tracks in/tracks --benchmark in/mot17.yaml", False, ["mot17.yaml"]),
        Case("score-detections", "score-detections --gt in/world/mot/train --detections in/world/mot/train --bootstrap 100 "
             "--output out/d.json --format json", inputs=mot),
        Case("compare", compare + "--html out/p.html --frames in/world/mot/train --switches out/s.csv --output out/c.json "
             "--format json", inputs=truth + ["corrected/mall-7-c1.txt", "corrected/decisions.json"] + frames, weight=2),
        Case("detect", f"detect --frames {SEQUENCE} --detector in/detector.onnx --output out/d", inputs=["detector.onnx"] + frames),
        Case("detect-video", "detect --frames in/clip.avi --detector in/detector.onnx --engine reference --output out/d",
             inputs=["clip.avi", "detector.onnx"]),
        Case("render", f"render --sequence {SEQUENCE} --tracks in/tracks/mall-7-c1.txt --versus in/corrected/mall-7-c1.txt "
             f"--gt {SEQUENCE} --codec mpeg4 --frames 1-6 --output out/v.mp4 --clip-switches out/clips",
             inputs=truth[:2] + ["tracks/mall-7-c1.txt", "corrected/mall-7-c1.txt"] + frames),
        Case("render-pictures", "render --sequence in/clip.avi --tracks in/tracks/mall-7-c1.txt --frames 1-4 --output out/v",
             inputs=["clip.avi", "tracks/mall-7-c1.txt"]),
        Case("synth", "synth --config in/scene.yaml --output out/w", inputs=["scene.yaml"]),
        Case("synth-reid", "synth --output out/w --cameras 1 --frames 2 --image-width 160 --image-height 120 --people 2 "
             "--reid-identities 3 --reid-images 2"),
        Case("profile-plan", "profile --plan in/shop.yaml --profile in/machine.json --output out/p.txt --html out/p.html",
             inputs=["shop.yaml", "machine.json"], may_fail_check=True),
        Case("run", "run in/experiment.yaml --output out/runs --threads 2", inputs=["experiment.yaml"], run_folder=True),
        Case("run-plan", "run in/experiment.yaml --output out/runs --dry-run", False, ["experiment.yaml"] + mot, weight=2),
    ]
    if os.path.exists(os.path.join(programs, "reidbench-train")):
        found.append(Case("train", "train --data in/world --epochs 2 --height 32 --width 16 --batch-size 8 --output out/n.pth",
                          resumes=["n.pth.partial", "n.csv"]))  # the log of the epochs so far
    return found
