#!/usr/bin/env python3
"""Makes detections.txt: eight people who cross, stop, hide and leave, seen by an imperfect detector (80 frames).

The other files of this folder are what our trackers made of it when their outputs equalled those of the authors' programs box for
box on four sets of detections of a real sequence, which may not be distributed (tests/tracking/tracker_test.cc):
  reidbench track --detections detections.txt --tracker <name> --decimals 2
TRACKER_VARIANT.txt: of the trackers that can use looks (reid) and camera motion (cmc), which the test makes up; motion has neither.
"""
import math
import random

random.seed(5)
rows = []
for person in range(8):
    x, y = random.uniform(0, 900), random.uniform(150, 400)
    vx, vy = random.uniform(-9, 9), random.uniform(-1.5, 1.5)
    height = random.uniform(90, 220)
    begin, end = random.randrange(0, 12), random.randrange(60, 80)
    hidden = random.randrange(20, 50)
    for frame in range(begin, end):
        moving = not 30 <= frame < 40 or person % 3
        x += vx * moving + random.gauss(0, 0.6)
        y += vy * moving + random.gauss(0, 0.3)
        if person % 2 and hidden <= frame < hidden + 6:
            score = random.uniform(0.15, 0.45) if person == 3 else 0
        else:
            score = min(0.99, max(0.05, random.gauss(0.8, 0.15)))
        if score < 0.1 or random.random() < 0.04:
            continue
        h = height * (1 + 0.02 * math.sin(frame / 5)) + random.gauss(0, 1.5)
        rows.append((frame + 1, x + random.gauss(0, 1), y + random.gauss(0, 1), 0.41 * h + random.gauss(0, 1), h, score))
for frame in range(80):
    if random.random() < 0.35:
        rows.append((frame + 1, random.uniform(0, 900), random.uniform(100, 400), 45, 110, random.uniform(0.1, 0.6)))
rows.sort(key=lambda row: row[0])
with open("detections.txt", "w") as file:
    for frame, x, y, w, h, score in rows:
        file.write(f"{frame},-1,{x:.1f},{y:.1f},{w:.1f},{h:.1f},{score:.2f}\n")
