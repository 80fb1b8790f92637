#!/usr/bin/env python3
"""Opens report pages in headless Chromium: no console error, every part there, clicks and keys do what they say.

usage: page_test.py PROGRAM [--screenshots FOLDER]     PROGRAM is the command `reidbench`
Exit code 77 (skipped) without Chromium, unless REIDBENCH_REQUIRE_BROWSER is set. With the environment variable REIDBENCH_AXE naming axe.min.js (npm package
axe-core), also holds the page against its serious and critical rules of accessibility.
"""
import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
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
        return self.run("performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart")

    def key(self, key):
        text = key if len(key) == 1 else {"Enter": "\r"}.get(key, "")
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, text=text if kind == "keyDown" else "")

    def click(self, selector):
        place = self.run(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
                         " const b = e.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

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
    check("everything: parts", sections(browser) == ["headline", "compare", "ribbons", "switches", "retrieval", "sweep", "time"])
    check("everything: figures are drawn", browser.run("[...document.querySelectorAll('figure > .plot > svg')].every((s) => s.childElementCount > 0)"))
    check("hostile: nothing ran", not browser.run("window.hacked"))
    check("hostile: no element came of it", browser.run("document.querySelectorAll('main img[src=x], main script').length") == 0)
    check("hostile: shown as text", browser.run(f"document.querySelector('.eyebrow').textContent === {json.dumps(HOSTILE)}"))
    faces = "document.querySelector('#ranked .query .facts-line').parentElement.parentElement.childElementCount"
    check("retrieval: three queries a page", browser.run(faces) == 3)
    browser.run("[...document.querySelectorAll('#ranked button')].find((b) => b.textContent.startsWith('Next')).click()")
    check("retrieval: pager", browser.run(faces) == 1)
    other = browser.run("document.querySelector('#compare table caption').textContent")
    browser.run("{ const s = document.querySelector('#compare select'); s.value = '1'; s.dispatchEvent(new Event('change')); }")
    check("compare: another configuration", browser.run("rb.view.comparison === rb.model.comparisons[1]") and other)


def test_accessibility(browser, page, axe):
    for dark in (False, True):
        browser.open(page, dark=dark)
        browser.run(axe)
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
        command = [args.program, "compare", "--gt", str(folder / "gt.txt"), "--plain", str(folder / "plain <b>\"'&.txt"),
                   "--corrected", str(folder / "corrected.txt"), "--benchmark", "mot15", "--bootstrap", "100",
                   "--html", str(folder / "page.html"), "--quiet", "--output", str(folder / "out.txt")]
        subprocess.run(command, check=True)
        page = folder / "page.html"
        compare = data_of(page)[1]["parts"]["compare"]
        whole = {"schema": "reidbench.page/1", "version": "0", "title": HOSTILE,
                 "parts": {"rank": rank_part(), "ranked": ranked_part(), "run": run_part(compare, 5, 2)}}
        write_page(page, whole, folder / "whole.html")
        large = {**whole, "parts": {"run": run_part(compare, 100, 7)}}
        write_page(page, large, folder / "large.html")
        browser = Browser(chromium, folder / "profile")
        try:
            test_comparison(browser, page, compare)
            test_everything(browser, folder / "whole.html")
            milliseconds = browser.open(folder / "large.html")
            print(f"100 configurations, {(folder / 'large.html').stat().st_size >> 10} KiB: usable after {milliseconds} ms")
            check("nothing scrolls sideways at 390 px", all(
                browser.open(p, width=390) and browser.run("document.documentElement.scrollWidth") <= 390
                for p in (page, folder / "whole.html")))
            if os.environ.get("REIDBENCH_AXE"):
                for p in (page, folder / "whole.html"):
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
