// relink_trials GT SEQINFO [--set key=value]... [--every N] [--noise] [--steps]
// NAME=TRACKS.txt=FEATURES.h5 ... Corrects many runs of one sequence in one process and scores them
// against the ground truth (MOT15 rules), beside what perfect correction would give: one experiment
// costs seconds. `--every N` keeps each N-th frame; `--noise` replaces the embeddings by random
// ones; `--steps` adds the rows of single steps; `--list` prints the decisions.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/matching/assignment.h"
#include "reidbench/matching/iou.h"
#include "reidbench/mot_metrics/scores.h"
#include "reidbench/mot_metrics/sequence.h"
#include "reidbench/relinking/tuning.h"

namespace reidbench {
namespace {

struct Run {
  std::string name;
  TrackSet tracks;
  FeatureMatrix features;
};

struct Score {
  double idf1, hota, assa;
  int64_t idsw;
};

MotBenchmark Mot15() {
  MotBenchmark b;
  b.name = "MOT15";
  b.has_classes = false;
  return b;
}

Score Measure(const TrackSet& gt, const TrackSet& tracks) {
  const MotBenchmark b = Mot15();
  const MotSummary s = Summarize(CountMot(PrepareSequence(gt, tracks, b, b.classes.front())));
  return {100 * s.identity.f1, 100 * MeanOverAlphas(s.hota.hota),
          100 * MeanOverAlphas(s.hota.ass_a), s.clear.counts.id_switches};
}

// Ground truth id of each box (IoU >= 0.5), -1 without.
std::vector<int64_t> Label(const TrackSet& gt, const TrackSet& tracks) {
  std::map<int64_t, std::pair<std::vector<size_t>, std::vector<size_t>>> frames;
  for (size_t i = 0; i < gt.boxes.size(); ++i) {
    if (gt.boxes[i].confidence != 0) frames[gt.boxes[i].frame.value].first.push_back(i);
  }
  for (size_t i = 0; i < tracks.boxes.size(); ++i)
    frames[tracks.boxes[i].frame.value].second.push_back(i);
  std::vector<int64_t> label(tracks.boxes.size(), -1);
  SparseAssigner assigner;
  for (auto& [frame, both] : frames) {
    SparseScores scores;
    scores.Clear(static_cast<int32_t>(both.second.size()));
    for (const size_t g : both.first) {
      for (size_t k = 0; k < both.second.size(); ++k) {
        const double iou = Iou(gt.boxes[g].box, tracks.boxes[both.second[k]].box);
        if (iou >= 0.5) scores.Add(static_cast<int32_t>(k), iou);
      }
      scores.EndRow();
    }
    const auto match = assigner.Maximise(scores.View());
    for (size_t g = 0; g < both.first.size(); ++g) {
      if (match[g] >= 0) label[both.second[match[g]]] = gt.boxes[both.first[g]].id.value;
    }
  }
  return label;
}

// A change of the id on a person: between the last box with the old one and the first with the new.
struct Switch {
  int64_t gt, last_frame, frame;
};

std::vector<Switch> Switches(const std::vector<int64_t>& label, const TrackSet& tracks) {
  std::map<int64_t, std::map<int64_t, int64_t>> path;
  for (size_t i = 0; i < label.size(); ++i) {
    if (label[i] >= 0) path[label[i]][tracks.boxes[i].frame.value] = tracks.boxes[i].id.value;
  }
  std::vector<Switch> out;
  for (const auto& [gt, frames] : path) {
    int64_t last = -1;
    int64_t last_frame = 0;
    for (const auto& [frame, id] : frames) {
      if (last >= 0 && id != last) out.push_back({gt, last_frame, frame});
      last = id;
      last_frame = frame;
    }
  }
  return out;
}

// Switches of `a` that meet none of `b`, each partner used once.
std::vector<Switch> WithoutPartner(const std::vector<Switch>& a, const std::vector<Switch>& b) {
  std::vector<Switch> alone;
  std::vector<bool> used(b.size(), false);
  for (const Switch& x : a) {
    size_t k = 0;
    while (k < b.size() && (used[k] || b[k].gt != x.gt || b[k].frame <= x.last_frame ||
                            x.frame <= b[k].last_frame)) {
      ++k;
    }
    if (k < b.size())
      used[k] = true;
    else
      alone.push_back(x);
  }
  return alone;
}

void Thin(int64_t every, TrackSet* set, FeatureMatrix* features) {
  std::vector<TrackBox> kept;
  std::vector<int64_t> rows;
  for (size_t i = 0; i < set->boxes.size(); ++i) {
    if (set->boxes[i].frame.value % every != 0) continue;
    kept.push_back(set->boxes[i]);
    kept.back().frame.value /= every;
    rows.push_back(static_cast<int64_t>(i));
  }
  set->boxes = kept;
  set->frame_count /= every;
  if (features == nullptr) return;
  FeatureMatrix thin(static_cast<int64_t>(rows.size()), features->cols());
  for (size_t i = 0; i < rows.size(); ++i)
    std::ranges::copy(features->row(rows[i]), thin.row(static_cast<int64_t>(i)).begin());
  *features = thin;
}

bool Set(const std::string& key, double value, RelinkTuning* t, RelinkOptions* o) {
  const std::map<std::string, std::function<void()>> keys = {
      {"margin", [&] { t->partition.margin = value; }},
      {"keep_gap", [&] { t->partition.keep_gap = value; }},
      {"keep_contact", [&] { t->partition.keep_contact = value; }},
      {"keep_change", [&] { t->partition.keep_change = value; }},
      {"prior_weight", [&] { t->partition.prior_weight = value; }},
      {"polish", [&] { t->partition.polish_sweeps = static_cast<int>(value); }},
      {"split_margin", [&] { t->partition.split_margin = value; }},
      {"return_cost", [&] { t->partition.return_cost = value; }},
      {"re_entry", [&] { o->re_entry = static_cast<ReEntry>(static_cast<int>(value)); }},
      {"jump_factor", [&] { t->pieces.jump_factor = value; }},
      {"keep_jump", [&] { t->partition.keep_jump = value; }},
      {"jump_penalty", [&] { t->partition.jump_penalty = value; }},
      {"cut_cost", [&] { t->partition.cut_cost = value; }},
      {"certain_s", [&] { t->appearance.certain_s = value; }},
      {"cap", [&] { t->appearance.cap = value; }},
      {"return_factor", [&] { t->appearance.return_factor = value; }},
      {"certain", [&] { t->partition.certain = value; }},
      {"sweeps", [&] { t->partition.refine_sweeps = static_cast<int>(value); }},
      {"least_gap", [&] { t->pieces.least_gap_s = value; }},
      {"contact", [&] { t->pieces.contact_overlap = value; }},
      {"window", [&] { t->pieces.change_window_s = value; }},
      {"spacing", [&] { t->pieces.change_spacing_s = value; }},
      {"quantile", [&] { t->pieces.change_quantile = value; }},
      {"cut", [&] { t->pieces.cut = value != 0; }},
      {"delay", [&] { o->window_s = value; }},
  };
  const auto found = keys.find(key);
  if (found == keys.end()) return false;
  found->second();
  return true;
}

int Main(int argc, char** argv) {
  RelinkTuning tuning;
  RelinkOptions options;
  int64_t every = 1;
  bool noise = false;
  bool steps = false;
  bool list = false;
  std::vector<std::string> places;
  std::vector<std::string> files;
  for (int a = 1; a < argc; ++a) {
    const std::string arg = argv[a];
    if (arg == "--set" && a + 1 < argc) {
      const std::string kv = argv[++a];
      const size_t eq = kv.find('=');
      if (eq == std::string::npos ||
          !Set(kv.substr(0, eq), std::stod(kv.substr(eq + 1)), &tuning, &options))
        ThrowUsage("--set {}: unknown", kv);
    } else if (arg == "--every" && a + 1 < argc) {
      every = std::stol(argv[++a]);
    } else if (arg == "--noise") {
      noise = true;
    } else if (arg == "--steps") {
      steps = true;
    } else if (arg == "--list") {
      list = true;
    } else if (files.size() < 2) {
      files.push_back(arg);
    } else {
      places.push_back(arg);
    }
  }
  if (places.empty()) ThrowUsage("expected GT SEQINFO NAME=TRACKS=FEATURES ...");
  const SequenceInfo info = ReadSequenceInfo(files[1]);
  MotReadOptions gt_options;
  gt_options.kind = MotFileKind::kGroundTruth;
  gt_options.has_classes = false;
  gt_options.frame_count = info.frame_count;
  TrackSet gt = ReadMotFile(files[0], gt_options).tracks;
  if (every > 1) Thin(every, &gt, nullptr);
  const double rate = info.frame_rate.value_or(25) / static_cast<double>(every);
  std::vector<Run> runs;
  for (const std::string& place : places) {
    const auto parts = SplitText(place, '=');
    Run run;
    run.name = std::string(parts[0]);
    MotReadOptions o;
    o.has_classes = false;
    o.frame_count = info.frame_count;
    run.tracks = ReadMotFile(std::string(parts[1]), o).tracks;
    const FeatureFile file{std::string(parts[2])};
    // Rows of the file are sorted by frame, boxes within a frame in the order of the tracks.
    std::vector<int64_t> order(run.tracks.boxes.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
    std::stable_sort(order.begin(), order.end(), [&](int64_t x, int64_t y) {
      return run.tracks.boxes[x].frame < run.tracks.boxes[y].frame;
    });
    std::vector<int64_t> row(order.size());
    for (size_t k = 0; k < order.size(); ++k) row[order[k]] = static_cast<int64_t>(k);
    run.features = file.ReadRows(row);
    for (size_t i = 0; i < row.size(); ++i) {
      if (file.labels().track_id[row[i]] != run.tracks.boxes[i].id)
        ThrowInput("{}: row {} is not of track {}", place, row[i], run.tracks.boxes[i].id.value);
    }
    if (every > 1) Thin(every, &run.tracks, &run.features);
    if (noise) {
      Rng rng(7);
      for (int64_t i = 0; i < run.features.size(); ++i)
        run.features.data()[i] = static_cast<float>(rng.Normal());
    }
    runs.push_back(std::move(run));
  }

  struct Row {
    std::string text;
    Score plain, corrected;
    int64_t fixed = 0, introduced = 0, links_right = 0, links = 0;
    double ms = 0;
    std::vector<double> step_idf1;
  };
  const std::vector<std::pair<std::string, RelinkOptions>> step_options = [&] {
    std::vector<std::pair<std::string, RelinkOptions>> s;
    RelinkOptions o = options;
    o.motion_link = o.appearance_link = false;
    s.emplace_back("split+swap", o);
    o.motion_link = true;
    s.emplace_back("+motion", o);
    return s;
  }();
  std::vector<Row> rows(runs.size());
  ParallelFor(static_cast<int64_t>(runs.size()), [&](int64_t r) {
    const Run& run = runs[r];
    RelinkInput input;
    input.tracks = &run.tracks;
    input.embeddings = &run.features;
    for (size_t i = 0; i < run.tracks.boxes.size(); ++i)
      input.embedding_row.push_back(static_cast<int64_t>(i));
    input.frame_rate = rate;
    input.image_width = static_cast<int>(info.image_width.value_or(0));
    input.image_height = static_cast<int>(info.image_height.value_or(0));
    const auto start = std::chrono::steady_clock::now();
    const RelinkResult result = RelinkTuned(input, options, tuning);
    Row& row = rows[r];
    row.ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    row.plain = Measure(gt, run.tracks);
    row.corrected = Measure(gt, result.tracks);
    const std::vector<int64_t> label = Label(gt, run.tracks);
    const auto before = Switches(label, run.tracks);
    const auto after = Switches(label, result.tracks);
    const std::vector<Switch> introduced = WithoutPartner(after, before);
    row.introduced = static_cast<int64_t>(introduced.size());
    row.fixed = static_cast<int64_t>(before.size() - (after.size() - introduced.size()));
    // A link is right when the two pieces beside it are mostly of one person.
    const auto label_at = [&](TrackId id, int64_t frame, int direction) {
      std::map<int64_t, int> votes;
      for (size_t i = 0; i < label.size(); ++i) {
        const int64_t f = run.tracks.boxes[i].frame.value;
        const double d = static_cast<double>(f - frame) * direction;
        if (run.tracks.boxes[i].id == id && d >= 0 && d <= 0.7 * rate) ++votes[label[i]];
      }
      int64_t best = -1;
      int most = 0;
      for (const auto& [l, n] : votes) {
        if (l >= 0 && n > most) {
          most = n;
          best = l;
        }
      }
      return best;
    };
    std::string listing;
    if (list) {
      std::map<std::pair<int64_t, int64_t>, size_t> box_at;  // (gt, frame)
      for (size_t i = 0; i < label.size(); ++i) {
        if (label[i] >= 0) box_at[{label[i], run.tracks.boxes[i].frame.value}] = i;
      }
      for (const auto& [id, last_frame, frame] : introduced) {
        const auto at = box_at.find({id, frame});
        const size_t now = at->second;
        const size_t then = std::prev(at)->second;
        int64_t nearest = 100000;
        for (const auto& [other, f_last, f] : before) {
          if (other == id && std::abs(f - frame) < std::abs(nearest)) nearest = f - frame;
        }
        listing += fmt::format(
            "    INTRO gt {} frame {} -> {} track {} -> {} now {} -> {} nearest plain switch {}\n",
            id, run.tracks.boxes[then].frame.value, frame, run.tracks.boxes[then].id.value,
            run.tracks.boxes[now].id.value, result.tracks.boxes[then].id.value,
            result.tracks.boxes[now].id.value, nearest);
      }
    }
    for (const RelinkDecision& d : result.decisions) {
      const int64_t a = label_at(d.track_before, d.frame_before, -1);
      const int64_t b = label_at(d.track_after, d.frame_after, 1);
      if (d.accepted && d.kind == RelinkDecisionKind::kLink && a >= 0 && b >= 0) {
        ++row.links;
        row.links_right += a == b;
      }
      if (list) {
        listing += fmt::format(
            "    {} {} {} -> {} frames {} -> {} gap {:.2f} d {:.2f} llr {:.2f} gt {} {} {}\n",
            d.step, d.accepted ? "yes" : "no", d.track_before.value, d.track_after.value,
            d.frame_before, d.frame_after, d.gap_s, d.appearance_distance.value_or(-1),
            d.log_likelihood_ratio, a, b, d.reason);
      }
    }
    if (steps) {
      for (const auto& [name, o] : step_options)
        row.step_idf1.push_back(Measure(gt, RelinkTuned(input, o, tuning).tracks).idf1);
    }
    row.text = fmt::format(
        "{:22} pos {} neg {} IDF1 {:5.1f} {:5.1f} HOTA {:4.1f} {:4.1f} AssA {:4.1f} {:4.1f} IDSW "
        "{:3} {:3} fixed "
        "{:3} intro "
        "{:3} links {:3}/{:3} sep {:.3f} {:4.0f} ms{}{}{}\n{}",
        run.name, result.calibration.positive_pairs, result.calibration.negative_pairs,
        row.plain.idf1, row.corrected.idf1, row.plain.hota, row.corrected.hota, row.plain.assa,
        row.corrected.assa, row.plain.idsw, row.corrected.idsw, row.fixed, row.introduced,
        row.links_right, row.links, result.calibration.separation, row.ms,
        row.corrected.idf1 < row.plain.idf1 - 1e-9 ? " IDF1!" : "",
        row.corrected.hota < row.plain.hota - 1e-9 ? " HOTA!" : "",
        row.corrected.idsw > row.plain.idsw ? " IDSW!" : "", listing);
    if (steps)
      row.text.insert(row.text.find('\n'),
                      fmt::format(" steps {:.1f}", fmt::join(row.step_idf1, " ")));
  });
  Score plain{};
  Score corrected{};
  int64_t fixed = 0, introduced = 0, right = 0, links = 0, bad = 0;
  std::vector<double> step(step_options.size());
  const double n = static_cast<double>(rows.size());
  for (const Row& row : rows) {
    fmt::print("{}", row.text);
    plain.idf1 += row.plain.idf1 / n;
    plain.hota += row.plain.hota / n;
    plain.idsw += row.plain.idsw;
    corrected.idf1 += row.corrected.idf1 / n;
    corrected.hota += row.corrected.hota / n;
    corrected.idsw += row.corrected.idsw;
    fixed += row.fixed;
    introduced += row.introduced;
    right += row.links_right;
    links += row.links;
    bad += row.corrected.idf1 < row.plain.idf1 - 1e-9 ||
           row.corrected.hota < row.plain.hota - 1e-9 || row.corrected.idsw > row.plain.idsw;
    for (size_t s = 0; s < row.step_idf1.size(); ++s) step[s] += row.step_idf1[s] / n;
  }
  fmt::print(
      "MEAN IDF1 {:.2f} {:.2f} HOTA {:.2f} {:.2f} IDSW {} {} fixed {} introduced {} ({:.0f} %) "
      "links {}/{} "
      "({:.1f} %) worse runs {}\n",
      plain.idf1, corrected.idf1, plain.hota, corrected.hota, plain.idsw, corrected.idsw, fixed,
      introduced,
      100.0 * static_cast<double>(introduced) / static_cast<double>(std::max<int64_t>(fixed, 1)),
      right, links,
      100.0 * static_cast<double>(right) / static_cast<double>(std::max<int64_t>(links, 1)), bad);
  if (steps) fmt::print("STEPS {:.2f}\n", fmt::join(step, " "));
  return 0;
}

}  // namespace
}  // namespace reidbench

int main(int argc, char** argv) {
  try {
    return reidbench::Main(argc, argv);
  } catch (const reidbench::Error& e) {
    fmt::print(stderr, "relink_trials: error: {}\n", e.what());
    return reidbench::ExitCodeOf(e.kind());
  }
}
