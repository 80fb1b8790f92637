#!/usr/bin/env python3
"""Opens report pages in headless Chromium: no console error, every part there, clicks and keys do what they say.

usage: page_test.py PROGRAM [--screenshots FOLDER]     PROGRAM is the command `reidbench`
Exit code 77 (skipped) without Chromium or all of Python, unless REIDBENCH_REQUIRE_BROWSER is set. With the environment variable REIDBENCH_AXE naming axe.min.js (npm package
axe-core), also holds the page against its serious and critical rules of accessibility.
"""
import os
import sys

SKIPPED = 77
try:
    import argparse
    import base64
    import csv
    import io
    import json
    import pathlib
    import shutil
    import subprocess
    import tempfile
    import time
    import xml.etree.ElementTree
except ImportError as error:  # Debian's python3-minimal, which builds get by with
    print(f"skipped: needs Python's whole standard library (Debian: python3): {error}")
    sys.exit(1 if os.environ.get("REIDBENCH_REQUIRE_BROWSER") else SKIPPED)

LIMIT_BYTES = 30 << 20
HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1> \"'& ü人 " + "x" * 300


class Browser:
    """Chrome DevTools Protocol over a pair of pipes: messages are JSON, each ends with a zero byte."""

    def __init__(self, program, folder):
        to_read, self.to_write = os.pipe()
        self.from_read, from_write = os.pipe()
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "--disable-sync",
                   "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"]

        def wire():  # the browser reads from 3 and writes to 4
            os.dup2(to_read, 13)
            os.dup2(from_write, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.process = subprocess.Popen(command, preexec_fn=wire, pass_fds=(3, 4, to_read, from_write),
                                        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.buffer, self.last_id, self.session, self.problems = b"", 0, None, []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def receive(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.from_read, 1 << 20)
            if not piece:
                raise SystemExit("the browser ended")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.problems.append("console: " + json.dumps(params["args"])[:400])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.problems.append("log: " + params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith(("file:", "data:", "blob:", "about:")):
                self.problems.append("network: " + url)
        return message

    def call(self, method, **params):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.last_id:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]

    def run(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise SystemExit(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def open(self, path, width=1280, dark=False):
        """Returns the milliseconds from the start of loading until the page can be used."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        end = time.monotonic() + 60
        while not self.run("Boolean(document.documentElement) && document.documentElement.dataset.ready === 'true'"):
            if time.monotonic() > end or self.problems:
                raise SystemExit(f"{path}: not ready; {self.problems}")
            time.sleep(0.05)
        # Two frames, so that figures have been drawn.
        self.run("new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")
        return self.run("performance.getEntriesByName('ready')[0].startTime")

    def key(self, key):
        text = key if len(key) == 1 else {"Enter": "\r"}.get(key, "")
        code = {"Tab": 9, "Enter": 13, " ": 32, "End": 35, "Home": 36, "ArrowUp": 38, "ArrowDown": 40}.get(key, 0)
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code="Space" if key == " " else key, windowsVirtualKeyCode=code,
                      text=text if kind == "keyDown" else "")

    def click(self, selector):
        # Figures that come near are drawn and may move what is to be clicked: it is clicked where it comes to rest.
        place, before = None, ()
        while place != before:
            before = place
            place = self.run(f"(async () => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
                             " for (let i = 0; i < 3; ++i) await new Promise(requestAnimationFrame);"
                             " const b = e.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def choose(self, select, keys):
        """Changes a <select> as a keyboard does."""
        self.run(f"document.querySelector({json.dumps(select)}).focus()")
        for key in keys:
            self.key(key)

    def downloads(self):
        """[name, text] of every download that the page offers, by its own buttons."""
        self.run("{ const write = rb.download; window.saved = []; rb.download = (name, type, text) => window.saved.push([name, text]);"
                 " [...document.querySelectorAll('button')].filter((b) => b.textContent.startsWith('Download ')).forEach((b) => b.click()); rb.download = write; }")
        return self.run("window.saved")

    def screenshot(self, path):
        height = self.run("document.documentElement.scrollHeight")
        width = self.run("innerWidth")
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": width, "height": min(height, 12000), "scale": 1})
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        try:
            self.call("Browser.close")
        except (SystemExit, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


FAILURES = []


def check(what, truth):
    if not truth:
        FAILURES.append(what)
        print("FAILED:", what)


def write_scene(folder, frames=120):
    """Two people: 1 is renamed at frame 41 (and put right by the correction), 2 at frame 81 (and stays so)."""
    truth, plain, corrected = [], [], []
    for f in range(1, frames + 1):
        for person in (1, 2):
            box = f"{50 + 2 * f},{100 * person},30,60"
            truth.append(f"{f},{person},{box},1,1,1")
            if person == 1:
                ids = (1 if f <= 40 else 3, 1)
            else:
                ids = (2, 2) if f <= 80 else (4, 4)
            plain.append(f"{f},{ids[0]},{box},1,-1,-1,-1")
            corrected.append(f"{f},{ids[1]},{box},1,-1,-1,-1")
    for name, lines in (("gt.txt", truth), ("plain <b>\"'&.txt", plain), ("corrected.txt", corrected)):
        (folder / name).write_text("\n".join(lines) + "\n")


def write_decisions(folder):
    """The links of relink about the two switches of the scene: one taken, one refused."""
    def link(before, after, frame, ratio, accepted):
        return {"kind": "link", "accepted": accepted, "step": "appearance", "track_before": before, "track_after": after, "frame_before": frame,
                "frame_after": frame + 1, "gap_s": 0.0, "appearance_distance": 0.1, "log_likelihood_ratio": ratio, "threshold": 2.0,
                "runner_up": None, "runner_up_track": None, "reason": "" if accepted else HOSTILE, "gates": {HOSTILE: 1.0, "motion": None}}
    sequences = {"gt": [link(1, 3, 40, 8.5, True), link(2, 4, 80, -1.0, False)]}
    (folder / "decisions.json").write_text(json.dumps({"schema": "reidbench.relink.decisions/1", "method": "relink", "sequences": sequences}))


def data_of(page):
    text = page.read_text()
    start = text.index('id="report-data">') + len('id="report-data">')
    return text[:start], json.loads(text[start:text.index("</script", start)]), text[text.index("</script", start):]


def write_page(like, data, path):
    """The page of the program with other data, escaped as it does."""
    before, _, after = data_of(like)
    path.write_text(before + json.dumps(data).replace("<", "\\u003c") + after)


def rank_part():
    """A reidbench.rank/1 as the command writes it, of made-up numbers."""
    roc = [{"fpr": (i / 60) ** 2, "tpr": 1 - (1 - i / 60) ** 3, "threshold": i * 10.0} for i in range(1, 61)]
    pairs = [{"query_camera": q, "gallery_camera": g, "num_queries": 5, "mAP": 0.1 * q + 0.05 * g, "rank1": None}
             for q in (1, 2, 3) for g in (1, 2, 3) if q != g]
    return {"schema": "reidbench.rank/1", "protocol": "market1501", "metric": "euclidean", "num_queries": 12,
            "num_valid_queries": 11, "num_gallery": 40, "mAP": 0.31, "mINP": 0.05,
            "cmc": [1 - 0.4 / k for k in range(1, 51)], "rank": {"1": 0.6, "5": 0.92, "10": 0.96, "20": 0.98},
            "ci95": {"mAP": [0.29, 0.33], "rank1": None, "mINP": None},
            "explain": [{"rule": "AP: step", "used_by": HOSTILE, "score": {"mAP": 0.3, "rank1": 0.6},
                         "mAP_change": 0.0, "rank1_change": None}],
            "camera_pairs": pairs, "reranking": None, "expectation": None,
            "verification": {"num_genuine": 100, "num_impostor": 9000, "eer": 0.2, "eer_threshold": 200.0,
                             "tpr_at_fpr": {"0.01": {"tpr": 0.5, "fpr": 0.009, "threshold": 110.0}, "0.001": None},
                             "recommended": {"tpr": 0.5, "fpr": 0.009, "threshold": 110.0}, "roc": roc},
            "provenance": {"files": [HOSTILE], "weights_file": HOSTILE, "architecture": "osnet_x0_25",
                           "bootstrap_seed": 0, "bootstrap_resamples": 10}}


def ranked_part():
    top = [{"path": HOSTILE + str(i), "distance": 1.5 * i, "camera_id": 1, "same_person": i % 2 == 0} for i in range(10)]
    queries = [{"kind": kind, "path": HOSTILE, "person_id": 1, "camera_id": 2, "ap": 0.5, "num_positives": 2,
                "first_match_rank": 1, "top": top} for kind in ("worst", "median", "best") for _ in range(4)]
    return {"queries": queries, "pictures": {}, "note": "no images"}


def profile_parts():
    """reidbench.profile/1 and its reidbench.plan/1, of made-up numbers."""
    def stage(name, variant, scale, gflops, gb):
        return {"stage": name, "variant": variant, "unit": "images", "rate": 1000 / scale, "latency_ms": {"p50": scale, "p95": 2 * scale, "p99": 3 * scale},
                "cpu_ms_per_item": scale, "peak_rss_mb": 60.5, "gflops": gflops, "gb_per_s": gb, "share_of_peak": gflops and gflops / 100, "samples": 500}
    stages = [stage("decode", {"jpeg_bytes": 2400, "threads": 2}, 0.03, None, 0.3),
              *(stage("embed", {"engine": HOSTILE, "batch": b, "threads": 2}, 2.0 + b, 40.0 + b, 0.4) for b in (1, 8))]
    profile = {"schema": "reidbench.profile/1", "program_version": "0", "created": "2026-01-01T00:00:00Z",
               "host": {"cpu": HOSTILE, "logical_cores": 2, "physical_cores": 1, "caches": [{"level": 1, "type": "data", "bytes": 32768, "shared_by": 2}],
                        "memory_bytes": 1 << 34, "governor": None, "load_average": [0.1, 0.2, 0.3], "libraries": {"fmt": "9"},
                        "noise": {"spread_percent": 2.5, "noisy": False, "note": ""}},
               "peaks": [{"threads": t, "fp32_gflops": 50.0 * t, "bf16_gflops": None, "read_gb_per_s": 10.0 * t, "copy_gb_per_s": 8.0} for t in (1, 2)],
               "stages": stages, "warnings": [HOSTILE]}
    plan = {"schema": "reidbench.plan/1", "workload": {"name": HOSTILE, "cameras": 20, "resolution": [1280, 720], "stages": {"embed": "server"}, "latency": {"percentile": 95.0, "target_ms": 200.0}},
            "cameras": {"sustainable": 14, "at_latency": 12, "asked": 20, "machines_needed": 2}, "saturates_first": "embed",
            "utilisation": [{"resource": "server cores", "stage": "embed", "share": 0.62}, {"resource": HOSTILE, "stage": "track", "share": 1.1}],
            "latency_ms": {"p50": 8.27, "p95": 20.4, "p99": 29.1}, "network": {"mbit_per_s": 40.0, "capacity": 100.0, "share": 0.4},
            "validation": {"predicted": 10.0, "measured": 9.5}, "assumptions": [HOSTILE]}
    return {"profile": profile, "plan": plan}


def columns(rows):
    """A list of objects as the page of a run holds it."""
    keys = [k for k in rows[0] if k != "boxes"]
    return {"columns": keys, "rows": [[r[k] for k in keys] for r in rows]}


def large_run(compare, configurations):
    """The parts of a run of the size of MOT17's training sequences: 5,316 frames, 546 people, 700 switches, 7 sequences."""
    sequence = next(iter(compare["sequences"].values()))
    switch = {k: v for k, v in sequence["switches"]["list"]["plain"][0].items() if k != "boxes"}
    numbers = {**sequence, "switches": {k: v for k, v in sequence["switches"].items() if k != "list"}, "frames": 760}
    numbers.pop("timelines")
    decision = {"kind": "link", "accepted": True, "step": "appearance", "track_before": 1, "track_after": 3, "frame_before": 40, "frame_after": 41, "gap_s": 0.0,
                "appearance_distance": 0.04256734085583669, "log_likelihood_ratio": 10.340176764130383, "threshold": 2.0, "runner_up": -7.480084115254497,
                "runner_up_track": 2, "reason": "", "gates": {"appearance": 11.080856938854291, "motion": -0.7406801747239085, "continuity": 0.0}}
    parts = {"run": run_part(compare, configurations, 1), "run_details": {}, "run_decisions": {}, "run_crops": {}}
    for c, entry in enumerate(parts["run"]["results"]["tracking"]):
        names = [f"MOT17-{s:02}-FRCNN" for s in range(7)]
        entry["corrections"][0]["compare"]["sequences"] = {name: numbers for name in names}
        switches = [{**switch, "frame": 10 + 7 * k, "last_frame": 5 + 7 * k, "gt_id": k % 78, "old_track": k, "new_track": k + c + 1} for k in range(100)]
        lines = [{"gt_id": p, "present": [[1, 300], [340, 760]], "plain": [[10 * k + p, 10 * k + p + 9, 100 * k + p] for k in range(6)],
                  "corrected": [[10 * k + p, 10 * k + p + 9, p] for k in range(3)]} for p in range(78)]
        details = {"switches": {"plain": columns(switches), "corrected": columns([{**s, "status": "introduced"} for s in switches[:20]])}, "timelines": columns(lines)}
        decisions = columns([{**decision, "track_before": k, "track_after": k + c + 1} for k in range(60)])
        parts["run_details"][f"{c}/0"] = {name: details for name in names}
        parts["run_decisions"][f"{c}/0"] = {"method": "relink", "sequences": {name: decisions for name in names}}
    return parts


def run_part(compare, configurations, sequences):
    """A reidbench.run/1 of many configurations, with comparisons of whole sequences."""
    tracking, rows = [], []
    for c in range(configurations):
        name = f"sort max_age={c}"
        corrected = {**compare, "sequences": {f"SEQ-{s:02}": next(iter(compare["sequences"].values())) for s in range(sequences)}}
        tracking.append({"name": name, "tracker": "sort", "detections": "", "options": {"max_age": str(c)},
                         "corrections": [{"name": "relink", "compare": corrected}]})
        for correction in (None, "relink"):
            rows.append({"name": name, "correction": correction, "HOTA": 0.4 + 0.001 * c, "DetA": 0.5, "AssA": 0.4,
                         "IDF1": 0.5 - 0.001 * c, "MOTA": 0.3, "IDSW": c, "frames_per_s": 1000.0 + 97 * c})
    one = {"chosen_on_the_others": {f"SEQ-{s:02}": {"name": "sort max_age=1", "correction": None} for s in range(sequences)},
           "scores": {"HOTA": 0.41, "IDF1": 0.5, "IDSW": 3}}
    stages = [{"id": f"track {r['name']}", "command": "track", "status": "finished", "seconds": 0.5 + i, "cpu_seconds": 1.0,
               "peak_rss_bytes": 1 << 26, "warnings": [HOSTILE] if i == 0 else []} for i, r in enumerate(rows)]
    return {"schema": "reidbench.run/1", "experiment": HOSTILE, "question": HOSTILE, "status": "partial",
            "headline": "Best of many.", "started": "2026-01-01T00:00:00Z", "options": [{"key": "a", "value": HOSTILE, "origin": "default"}],
            "inputs": [{"path": HOSTILE, "sha256": "00", "bytes": 1}], "provenance": {"cpu": HOSTILE, "libraries": {"fmt": "9"}},
            "stages": stages, "results": {"tracking": tracking, "retrieval": None,
                                          "sweep": {"select": "HOTA", "rows": rows, "leave_one_out": one}}}


def sections(browser):
    return browser.run("[...document.querySelectorAll('main > section')].map((s) => s.id)")


def test_comparison(browser, page, data):
    browser.open(page)
    check("comparison: parts", sections(browser) == ["headline", "compare", "ribbons", "switches"])
    check("comparison: headline", browser.run("document.querySelector('h1').textContent") == data["headline"])
    # What the table says is what the command says.
    shown = browser.run("Object.fromEntries([...document.querySelectorAll('#compare tbody tr')].map((r) => [r.cells[0].firstChild.textContent, [r.cells[1].textContent, r.cells[2].textContent]]))")
    for metric in ("IDF1", "HOTA", "MOTA"):
        for k, run in enumerate(("plain", "corrected")):
            check(f"comparison: {run} {metric}", shown[metric][k] == f"{100 * data['COMBINED'][run][metric]:.2f}")
    check("comparison: switches", shown["IDSW"] == [str(data["COMBINED"][r]["IDSW"]) for r in ("plain", "corrected")])

    count = "document.querySelectorAll('#switches [role=option]').length"
    selected = "document.querySelector('#switches [aria-selected=true]').textContent"
    check("switches: all are listed", browser.run(count) == 2)
    browser.run("{ const s = [...document.querySelectorAll('#switches select')].find((s) => [...s.options].some((o) => o.value === 'remaining')); s.value = 'remaining'; s.dispatchEvent(new Event('change')); }")
    check("switches: filter by status", browser.run(count) == 1 and "Person 2" in browser.run(selected))
    browser.run("{ const s = [...document.querySelectorAll('#switches select')].find((s) => [...s.options].some((o) => o.value === 'remaining')); s.value = 'all'; s.dispatchEvent(new Event('change')); }")
    mark = "[...document.querySelectorAll('#switches select')].find((s) => [...s.options].some((o) => o.value === 'remaining')).id = 'by-status'"
    browser.run(mark)
    browser.choose("#by-status", ["ArrowDown"])
    check("switches: filter by key", browser.run(count) == 1 and "Person 1" in browser.run(selected))
    browser.run(mark)
    browser.choose("#by-status", ["Home"])
    check("switches: all again by key", browser.run(count) == 2)
    check("switches: evidence taken", "✓ taken: id 3 from frame 41 continues id 1, last seen in frame 40" in browser.run("document.querySelector('#switch-detail .evidence').textContent"))
    check("switches: evidence in numbers", "+8.50, needed +2.00" in browser.run("document.querySelector('#switch-detail .evidence').textContent"))
    browser.run("document.querySelector('#switches [role=listbox]').focus()")
    browser.key("Home")
    first = browser.run(selected)
    browser.key("ArrowDown")
    check("switches: arrow keys", "Person 1" in first and "Person 2" in browser.run(selected))
    browser.click("#switches [role=option]")
    check("switches: click", browser.run(selected) == first)
    check("switches: placeholder", browser.run("document.querySelectorAll('#switch-detail .empty').length") == 3)

    # From the browser to the ribbons and back, by keys.
    browser.run("[...document.querySelectorAll('#switches button')].find((b) => b.textContent === 'Show in the ribbons').click()")
    time.sleep(0.4)
    check("ribbons: jump takes the focus", browser.run("document.activeElement.classList.contains('ribbons')"))
    check("ribbons: jump shows the place", browser.run("document.querySelector('.ribbons .cursor').getAttribute('visibility')") == "visible")
    browser.key("n")
    browser.key("Enter")
    check("ribbons: n and Enter open the next switch", "Person 2" in browser.run(selected))
    browser.run("document.querySelector('.ribbons').focus()")
    width = "document.querySelector('.ribbons rect.run').getBBox().width"
    browser.key("0")
    before = browser.run(width)
    browser.key("+")
    check("ribbons: + zooms", browser.run(width) > 1.2 * before)
    browser.key("0")
    check("ribbons: 0 shows all", abs(browser.run(width) - before) < 1)

    # Files are really written.
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(page.parent))
    for kind in ("SVG", "CSV"):
        browser.run(f"[...document.querySelectorAll('#compare figure button')].find((b) => b.textContent === 'Download {kind}').id = 'save-{kind}'")
        browser.click(f"#save-{kind}")
        file = page.parent / f"switches_by_cause_COMBINED.{kind.lower()}"
        end = time.monotonic() + 10
        while time.monotonic() < end and not file.exists():
            time.sleep(0.05)
        check(f"downloads: {kind} file", file.exists() and file.stat().st_size > 100)

    # A figure stands alone.
    svg = browser.run("rb.standaloneSvg(document.querySelector('#compare figure svg'))")
    check("figure: SVG", svg.startswith("<?xml") and "var(--" not in svg and "fixed" not in svg.split(">")[0])
    rows = browser.run("rb.csv(rb.compareRows(rb.view.comparison.data))").splitlines()
    check("figure: CSV", rows[0] == "sequence,run,metric,value,change,low,high,p" and len(rows) == 1 + 2 * 4 * 11)
    theme = browser.run("document.documentElement.dataset.theme")
    browser.click("#theme")
    check("theme: switch", theme == "light" and browser.run("document.documentElement.dataset.theme") == "dark")


def test_everything(browser, page):
    browser.open(page)
    check("everything: parts", sections(browser) == ["headline", "compare", "ribbons", "switches", "retrieval", "sweep", "time", "throughput"])
    drawn = "[...document.querySelectorAll('figure > .plot > svg')].filter((s) => s.childElementCount > 0).length"
    figures = browser.run("document.querySelectorAll('figure > .plot > svg').length")
    check("everything: what is far down waits", browser.run(drawn) < figures)
    browser.run("document.querySelector('#throughput').scrollIntoView({behavior: 'instant'})")
    time.sleep(0.5)
    check("everything: what comes near is drawn", browser.run("[...document.querySelectorAll('#throughput .plot svg')].slice(0, 2).every((s) => s.childElementCount > 0)"))
    browser.run("dispatchEvent(new Event('beforeprint'))")
    check("everything: paper has all figures", browser.run(drawn) == figures)
    check("everything: paper is white", browser.run("document.documentElement.dataset.theme") == "light")
    browser.run("dispatchEvent(new Event('afterprint'))")
    check("everything: every figure tells what it shows", browser.run("[...document.querySelectorAll('figure > .plot > svg')].every((s) => (s.getAttribute('aria-label') || '').length > 10)"))
    saved = browser.downloads()
    check("downloads: an SVG and a CSV for every figure", sum(n.endswith(".svg") for n, _ in saved) == figures <= sum(n.endswith(".csv") for n, _ in saved))
    for name, text in saved:
        if name.endswith(".svg"):
            check(f"downloads: {name} stands alone", "var(--" not in text and xml.etree.ElementTree.fromstring(text.encode()).tag.endswith("}svg"))
        else:
            rows = list(csv.reader(io.StringIO(text)))
            check(f"downloads: {name} is a table", len(rows) > 1 and all(len(r) == len(rows[0]) for r in rows))
    check("hostile: nothing ran", not browser.run("window.hacked"))
    check("hostile: no element came of it", browser.run("document.querySelectorAll('main img[src=x], main script').length") == 0)
    check("hostile: shown as text", browser.run(f"document.querySelector('.eyebrow').textContent === {json.dumps(HOSTILE)}"))
    faces = "document.querySelector('#ranked .query .facts-line').parentElement.parentElement.childElementCount"
    check("retrieval: three queries a page", browser.run(faces) == 3)
    browser.run("[...document.querySelectorAll('#ranked button')].find((b) => b.textContent.startsWith('Next')).click()")
    check("retrieval: pager", browser.run(faces) == 1)
    browser.run("{ const s = document.querySelector('#compare select'); s.value = '1'; s.dispatchEvent(new Event('change')); }")
    check("compare: another configuration", browser.run("rb.view.comparison === rb.model.comparisons[1]"))
    browser.run("document.querySelector('#compare select').id = 'configuration'")
    browser.choose("#configuration", ["ArrowDown"])
    check("compare: another configuration by key", browser.run("rb.view.comparison === rb.model.comparisons[2]"))
    tiles = browser.run("[...document.querySelectorAll('#throughput .tile .value')].map((v) => v.textContent)")
    check("plan: cameras", tiles == ["14", "12", "embed", "2"])


def differences(page, record, path="", out=None):
    """Where the page's copy of a record says something else; what the page leaves out is no difference."""
    out = [] if out is None else out
    if isinstance(page, dict) and isinstance(record, dict):
        for key, value in page.items():
            differences(value, record[key], f"{path}/{key}", out) if key in record else out.append(f"{path}/{key}")
    elif isinstance(page, list) and isinstance(record, list) and len(page) == len(record):
        for i, (a, b) in enumerate(zip(page, record)):
            differences(a, b, f"{path}/{i}", out)
    elif page != record:
        out.append(f"{path}: {page!r}, not {record!r}")
    return out


def shown_score(metric, value):
    if value is None:
        return "n/a"
    return f"{value:,}" if metric in ("IDSW", "Frag", "MT", "ML") else f"{100 * value:.2f}".replace("-", "\N{MINUS SIGN}")


def test_numbers(browser, page, record):
    """A run of the program: what its page says, by its data and on the screen, is what run.json says."""
    browser.open(page)
    check(f"numbers: data {differences(data_of(page)[1]['parts']['run'], record)[:3]}", not differences(data_of(page)[1]["parts"]["run"], record))
    cells = "[...document.querySelectorAll('%s tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))"
    compared = [(i, c["compare"]) for i, c in enumerate(c for t in record["results"]["tracking"] for c in t["corrections"])]
    for i, compare in compared:
        browser.run(f"rb.view.comparison = rb.model.comparisons[{i}]; rb.emit('comparison')")
        for scope, entry in [("COMBINED", compare["COMBINED"]), *compare["sequences"].items()]:
            browser.run("{ const s = [...document.querySelectorAll('#compare select')].find((s) => [...s.options].some((o) => o.value === 'COMBINED'));"
                        f" s.value = {json.dumps(scope)}; s.dispatchEvent(new Event('change')); }}")
            for metric, row in zip(entry["plain"], browser.run(cells % "#compare")):
                change = entry["delta"][metric]
                sign = "+" if change is not None and change > 0 else ""
                want = [shown_score(metric, entry["plain"][metric]), shown_score(metric, entry["corrected"][metric]), sign + shown_score(metric, change).replace("-", "\N{MINUS SIGN}")]
                check(f"numbers: {i} {scope} {metric}: {row[1:4]} is {want}", row[1:4] == want)
                check(f"numbers: {i} {scope} {metric}: ceiling", row[7] == shown_score(metric, entry["ceiling_link"][metric]) and row[9] == shown_score(metric, entry["ceiling_split_link"][metric]))
            browser.run("{ const s = [...document.querySelectorAll('#compare select')].find((s) => [...s.options].some((o) => o.value === 'COMBINED')); s.value = 'COMBINED'; s.dispatchEvent(new Event('change')); }")
        lists = browser.run("Object.fromEntries(Object.entries(rb.view.comparison.data.sequences).map(([k, v]) => [k, {list: v.switches.list, timelines: v.timelines}]))")
        want = {k: {"list": v["switches"]["list"], "timelines": v["timelines"]} for k, v in compare["sequences"].items()}
        check(f"numbers: {i}: switches and time lines {differences(lists, want)[:3]}", not differences(lists, want))
    retrieval = record["results"].get("retrieval")
    if retrieval:
        shown = {row[0]: row[1] for row in browser.run(cells % "#retrieval .panel:first-child")}
        want = {"mAP": retrieval["mAP"], "mINP": retrieval["mINP"], **{f"rank-{k}": v for k, v in retrieval["rank"].items()}}
        check(f"numbers: retrieval {shown}", all(shown[k] == f"{100 * v:.2f}" for k, v in want.items()))
    rows = browser.run("[...document.querySelectorAll('#sweep table')][0] && " + cells % "#sweep .panel:nth-of-type(2)") or []
    for row, want in zip(rows, record["results"]["sweep"]["rows"]):
        label = f"{want['name']} + {want['correction']}" if want["correction"] else want["name"]
        check(f"numbers: sweep {row}", row[0] == label and row[1] == shown_score("HOTA", want["HOTA"]) and row[2] == shown_score("IDF1", want["IDF1"]))
    check("numbers: every configuration", len(rows) == min(25, len(record["results"]["sweep"]["rows"])))
    stages = {r["id"]: r["seconds"] for r in csv.DictReader(io.StringIO(next(t for n, t in browser.downloads() if n == "stages.csv")))}
    check("numbers: stages", all(float(stages[s["id"]]) == s["seconds"] for s in record["stages"]))


def make_run(program, folder):
    """A whole run on a small world, as the demo: report.html and run.json."""
    (folder / "small.yaml").write_text("question: Is it so?\ndata: {world: {config: demo, seed: 7, options: {cameras: 2, frames: 70, reid_identities: 8}}}\n"
                                       "rank: {options: {metric: cosine}}\ntrackers: [{name: sort}, {name: bytetrack}]\ncorrections: [{method: relink, ablation: true}]\n")
    subprocess.run([program, "run", str(folder / "small.yaml"), "--output", str(folder / "out"), "--quiet"], check=True, stdout=subprocess.DEVNULL)
    made = next((folder / "out" / "small").iterdir())
    return made / "report.html", json.loads((made / "run.json").read_text())


def test_accessibility(browser, page, axe):
    for dark in (False, True):
        browser.open(page, dark=dark)
        browser.run("rb.drawAll(); document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        browser.run(axe)
        check("accessibility: rules were tried", browser.run("axe.run().then((r) => r.passes.length)") > 10)
        for v in browser.run("axe.run().then((r) => r.violations.map((v) => ({id: v.id, impact: v.impact, html: v.nodes[0].html})))"):
            check(f"accessibility: {v}", v["impact"] not in ("serious", "critical"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--screenshots", type=pathlib.Path)
    args = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not chromium:
        required = bool(os.environ.get("REIDBENCH_REQUIRE_BROWSER"))
        print("failed:" if required else "skipped:", "there is no Chromium")
        return 1 if required else SKIPPED
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_scene(folder)
        write_decisions(folder)
        command = [args.program, "compare", "--gt", str(folder / "gt.txt"), "--plain", str(folder / "plain <b>\"'&.txt"),
                   "--corrected", str(folder / "corrected.txt"), "--benchmark", "mot15", "--bootstrap", "100",
                   "--html", str(folder / "page.html"), "--decisions", str(folder / "decisions.json"), "--quiet", "--output", str(folder / "out.txt")]
        subprocess.run(command, check=True)
        page = folder / "page.html"
        compare = data_of(page)[1]["parts"]["compare"]
        whole = {"schema": "reidbench.page/1", "version": "0", "title": HOSTILE, "metrics": data_of(page)[1]["metrics"],
                 "parts": {"rank": rank_part(), "ranked": ranked_part(), "run": run_part(compare, 5, 2), **profile_parts()}}
        write_page(page, whole, folder / "whole.html")
        large = {**whole, "parts": large_run(compare, 100)}
        write_page(page, large, folder / "large.html")
        browser = Browser(chromium, folder / "profile")
        try:
            test_comparison(browser, page, compare)
            test_everything(browser, folder / "whole.html")
            pages = [page, folder / "whole.html"]
            report, record = make_run(args.program, folder)
            pages.append(report)
            check("run: parts", browser.open(report) and sections(browser) == ["headline", "compare", "ribbons", "switches", "retrieval", "sweep", "time"])
            check("run: size", report.stat().st_size <= 5 << 20)
            check("run: pictures of a switch", browser.run("document.querySelectorAll('#switch-detail img').length") == 3)
            check("run: evidence", browser.run("document.querySelectorAll('#switch-detail .decision').length") > 0)
            check("run: pictures of ranked lists", browser.run("document.querySelectorAll('#ranked img').length") > 10)
            test_numbers(browser, report, record)
            milliseconds = browser.open(folder / "large.html")
            size = (folder / "large.html").stat().st_size
            print(f"100 configurations, {size >> 10} KiB: usable after {milliseconds:.0f} ms")
            check("large: size", size <= LIMIT_BYTES)
            check("large: all switches of a configuration", browser.run("rb.view.switches.length") == 7 * 120)
            browser.run("rb.view.comparison = rb.model.comparisons[57]; rb.emit('comparison')")
            check("large: those of another", browser.run("rb.view.switches.filter((s) => s.run === 'plain').every((s) => s.new_track - s.old_track === 58)"))
            check("nothing scrolls sideways at 390 px", all(
                browser.open(p, width=390) and browser.run("document.documentElement.scrollWidth") <= 390
                for p in pages))
            if os.environ.get("REIDBENCH_AXE"):
                for p in pages:
                    test_accessibility(browser, p, pathlib.Path(os.environ["REIDBENCH_AXE"]).read_text())
            if args.screenshots:
                for width in (1280, 390):
                    for dark in (False, True):
                        browser.open(folder / "whole.html", width=width, dark=dark)
                        browser.screenshot(args.screenshots / f"whole-{width}-{'dark' if dark else 'light'}.png")
            check(f"console and network: {browser.problems[:3]}", not browser.problems)
        finally:
            browser.close()
    print("failed:" if FAILURES else "ok", *FAILURES)
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
