#include "reidbench/mot_metrics/scores.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

BoxCounts CountBoxes(const MotSequence& s) {
  return {static_cast<int64_t>(s.tracker_id.size()), static_cast<int64_t>(s.gt_id.size()),
          static_cast<int64_t>(s.tracker_id_value.size()),
          static_cast<int64_t>(s.gt_id_value.size()), s.frame_count};
}

MotField Ratio(std::string_view name, std::optional<double> value) {
  return {name, MotField::Kind::kRatio, value, {}};
}
MotField Sum(std::string_view name, double value) {
  return {name, MotField::Kind::kSum, value, {}};
}
MotField Count(std::string_view name, int64_t value) {
  return {name, MotField::Kind::kCount, static_cast<double>(value), {}};
}
MotField Ratios(std::string_view name, const AlphaValues& values) {
  return {name, MotField::Kind::kAlphaRatios, MeanOverAlphas(values), values};
}
MotField Counts(std::string_view name, const AlphaCounts& counts) {
  AlphaValues values{};
  for (int a = 0; a < kAlphas; ++a) values[a] = static_cast<double>(counts[a]);
  return {name, MotField::Kind::kAlphaCounts, MeanOverAlphas(values), values};
}

template <typename Get>
double Mean(std::span<const MotSummary> classes, Get&& get) {
  double sum = 0;
  for (const MotSummary& c : classes) sum += get(c);
  return sum / static_cast<double>(classes.size());
}

// Mean of the classes that have a value.
template <typename Get>
std::optional<double> MeanOfDefined(std::span<const MotSummary> classes, Get&& get) {
  double sum = 0;
  int64_t count = 0;
  for (const MotSummary& c : classes) {
    if (const std::optional<double> value = get(c)) {
      sum += *value;
      ++count;
    }
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

}  // namespace

BoxCounts& BoxCounts::operator+=(const BoxCounts& other) {
  tracker_boxes += other.tracker_boxes;
  gt_boxes += other.gt_boxes;
  tracker_ids += other.tracker_ids;
  gt_ids += other.gt_ids;
  frames += other.frames;
  return *this;
}

MotCounts& MotCounts::operator+=(const MotCounts& other) {
  hota += other.hota;
  clear += other.clear;
  identity += other.identity;
  vace += other.vace;
  boxes += other.boxes;
  return *this;
}

MotCounts CountMot(const MotSequence& sequence) {
  MotCounts counts;
  ParallelFor(3, [&](int64_t family) {
    if (family == 0) counts.hota = CountHota(sequence);
    if (family == 1) counts.clear = CountClear(sequence);
    if (family == 2) {
      counts.identity = CountIdentity(sequence);
      counts.vace = CountVace(sequence);
    }
  });
  counts.boxes = CountBoxes(sequence);
  return counts;
}

std::vector<MotCounts> CountMotBlocks(const MotSequence& sequence, int64_t block_frames) {
  REIDBENCH_CHECK(block_frames > 0);
  std::vector<HotaCounts> hota;
  std::vector<ClearCounts> clear;
  std::vector<IdentityCounts> identity;
  ParallelFor(3, [&](int64_t family) {
    if (family == 0) hota = CountHotaBlocks(sequence, block_frames);
    if (family == 1) clear = CountClearBlocks(sequence, block_frames);
    if (family == 2) identity = CountIdentityBlocks(sequence, block_frames);
  });
  std::vector<MotCounts> blocks(hota.size());
  for (size_t b = 0; b < blocks.size(); ++b) {
    blocks[b].hota = hota[b];
    blocks[b].clear = clear[b];
    blocks[b].identity = identity[b];
    blocks[b].boxes.frames = clear[b].frames;
    blocks[b].boxes.gt_boxes = clear[b].tp + clear[b].fn;
    blocks[b].boxes.tracker_boxes = clear[b].tp + clear[b].fp;
  }
  return blocks;
}

MotCounts Combine(std::span<const MotCounts> sequences) {
  MotCounts sum;
  for (const MotCounts& counts : sequences) sum += counts;
  return sum;
}

MotSummary Summarize(const MotCounts& counts) {
  return {Summarize(counts.hota), Summarize(counts.clear), Summarize(counts.identity),
          Summarize(counts.vace), counts.boxes};
}

MotSummary AverageClasses(std::span<const MotSummary> classes) {
  REIDBENCH_CHECK(!classes.empty());
  MotSummary out;
  for (AlphaValues HotaSummary::*field :
       {&HotaSummary::hota, &HotaSummary::det_a, &HotaSummary::ass_a, &HotaSummary::det_re,
        &HotaSummary::det_pr, &HotaSummary::ass_re, &HotaSummary::ass_pr, &HotaSummary::loc_a,
        &HotaSummary::owta}) {
    for (int a = 0; a < kAlphas; ++a) {
      (out.hota.*field)[a] = Mean(classes, [&](const MotSummary& c) { return (c.hota.*field)[a]; });
    }
  }
  for (double ClearSummary::*field :
       {&ClearSummary::mota, &ClearSummary::motp, &ClearSummary::moda, &ClearSummary::recall,
        &ClearSummary::precision, &ClearSummary::mostly_tracked_ratio,
        &ClearSummary::partly_tracked_ratio, &ClearSummary::mostly_lost_ratio,
        &ClearSummary::soft_mota, &ClearSummary::f1, &ClearSummary::fp_per_frame,
        &ClearSummary::motal}) {
    out.clear.*field = Mean(classes, [&](const MotSummary& c) { return c.clear.*field; });
  }
  for (double IdentitySummary::*field :
       {&IdentitySummary::f1, &IdentitySummary::recall, &IdentitySummary::precision}) {
    out.identity.*field = Mean(classes, [&](const MotSummary& c) { return c.identity.*field; });
  }
  for (const MotSummary& c : classes) {
    for (int a = 0; a < kAlphas; ++a) {
      out.hota.tp[a] += c.hota.tp[a];
      out.hota.fn[a] += c.hota.fn[a];
      out.hota.fp[a] += c.hota.fp[a];
    }
    out.clear.counts += c.clear.counts;
    out.identity.counts += c.identity.counts;
    out.vace.counts += c.vace.counts;
    out.boxes += c.boxes;
  }
  out.vace.ata = MeanOfDefined(classes, [](const MotSummary& c) { return c.vace.ata; });
  out.vace.sfda = MeanOfDefined(classes, [](const MotSummary& c) { return c.vace.sfda; });
  return out;
}

std::vector<MotFamily> ListFields(const MotSummary& s) {
  const HotaSummary& h = s.hota;
  const ClearSummary& c = s.clear;
  return {
      {"HOTA",
       {Ratios("HOTA", h.hota), Ratios("DetA", h.det_a), Ratios("AssA", h.ass_a),
        Ratios("DetRe", h.det_re), Ratios("DetPr", h.det_pr), Ratios("AssRe", h.ass_re),
        Ratios("AssPr", h.ass_pr), Ratios("LocA", h.loc_a), Ratios("OWTA", h.owta),
        Counts("HOTA_TP", h.tp), Counts("HOTA_FN", h.fn), Counts("HOTA_FP", h.fp),
        Ratio("HOTA(0)", h.hota[0]), Ratio("LocA(0)", h.loc_a[0]),
        Ratio("HOTALocA(0)", h.hota[0] * h.loc_a[0])}},
      {"CLEAR",
       {Ratio("MOTA", c.mota),
        Ratio("MOTP", c.motp),
        Ratio("MODA", c.moda),
        Ratio("CLR_Re", c.recall),
        Ratio("CLR_Pr", c.precision),
        Ratio("MTR", c.mostly_tracked_ratio),
        Ratio("PTR", c.partly_tracked_ratio),
        Ratio("MLR", c.mostly_lost_ratio),
        Ratio("sMOTA", c.soft_mota),
        Ratio("CLR_F1", c.f1),
        Sum("FP_per_frame", c.fp_per_frame),
        Ratio("MOTAL", c.motal),
        Sum("MOTP_sum", c.counts.similarity_sum),
        Count("CLR_TP", c.counts.tp),
        Count("CLR_FN", c.counts.fn),
        Count("CLR_FP", c.counts.fp),
        Count("IDSW", c.counts.id_switches),
        Count("MT", c.counts.mostly_tracked),
        Count("PT", c.counts.partly_tracked),
        Count("ML", c.counts.mostly_lost),
        Count("Frag", c.counts.fragmentations),
        Count("CLR_Frames", c.counts.frames)}},
      {"Identity",
       {Ratio("IDF1", s.identity.f1), Ratio("IDR", s.identity.recall),
        Ratio("IDP", s.identity.precision), Count("IDTP", s.identity.counts.tp),
        Count("IDFN", s.identity.counts.fn), Count("IDFP", s.identity.counts.fp)}},
      {"VACE",
       {Sum("STDA", s.vace.counts.stda), Ratio("ATA", s.vace.ata), Sum("FDA", s.vace.counts.fda),
        Ratio("SFDA", s.vace.sfda), Count("VACE_IDs", s.vace.counts.tracker_ids),
        Count("VACE_GT_IDs", s.vace.counts.gt_ids),
        Count("num_non_empty_timesteps", s.vace.counts.non_empty_frames)}},
      {"Count",
       {Count("Dets", s.boxes.tracker_boxes), Count("GT_Dets", s.boxes.gt_boxes),
        Count("IDs", s.boxes.tracker_ids), Count("GT_IDs", s.boxes.gt_ids),
        Count("Frames", s.boxes.frames)}},
  };
}

bool LowerIsBetter(std::string_view field) {
  static constexpr std::string_view kErrors[] = {"IDSW", "Frag", "CLR_FP", "CLR_FN",      "IDFP",
                                                 "IDFN", "ML",   "MLR",    "FP_per_frame"};
  return std::find(std::begin(kErrors), std::end(kErrors), field) != std::end(kErrors);
}

std::optional<double> FieldValue(const MotSummary& summary, std::string_view name) {
  std::vector<std::string> known;
  for (const MotFamily& family : ListFields(summary)) {
    for (const MotField& field : family.fields) {
      if (field.name == name) return field.value;
      known.emplace_back(field.name);
    }
  }
  ThrowUsage("unknown metric '{}'{}", name, SuggestName(name, known));
}

}  // namespace reidbench
