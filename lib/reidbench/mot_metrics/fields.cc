#include "reidbench/mot_metrics/fields.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

using Kind = MotField::Kind;

// The counts of one family, in a summary and in the counts of all families.
template <typename Counts>
const Counts& PartOf(const MotSummary& s) {
  if constexpr (std::is_same_v<Counts, HotaCounts>) return s.hota.counts;
  if constexpr (std::is_same_v<Counts, ClearCounts>) return s.clear.counts;
  if constexpr (std::is_same_v<Counts, IdentityCounts>) return s.identity.counts;
  if constexpr (std::is_same_v<Counts, VaceCounts>) return s.vace.counts;
  if constexpr (std::is_same_v<Counts, BoxCounts>) return s.boxes;
}
template <typename Counts>
Counts& PartOf(MotCounts* c) {
  if constexpr (std::is_same_v<Counts, HotaCounts>) return c->hota;
  if constexpr (std::is_same_v<Counts, ClearCounts>) return c->clear;
  if constexpr (std::is_same_v<Counts, IdentityCounts>) return c->identity;
  if constexpr (std::is_same_v<Counts, VaceCounts>) return c->vace;
  if constexpr (std::is_same_v<Counts, BoxCounts>) return c->boxes;
}

template <typename T>
struct MemberOf;
template <typename Value, typename Counts>
struct MemberOf<Value Counts::*> {
  using ValueType = Value;
  using CountsType = Counts;
};

template <typename Counts>
constexpr std::string_view FamilyOf() {
  return std::is_same_v<Counts, HotaCounts>       ? "HOTA"
         : std::is_same_v<Counts, ClearCounts>    ? "CLEAR"
         : std::is_same_v<Counts, IdentityCounts> ? "Identity"
         : std::is_same_v<Counts, VaceCounts>     ? "VACE"
                                                  : "Count";
}

// A count or sum as it stands in its family's counts.
template <auto kMember>
constexpr MotField Count(std::string_view name, std::string_view title, Better better) {
  using Value = typename MemberOf<decltype(kMember)>::ValueType;
  using Counts = typename MemberOf<decltype(kMember)>::CountsType;
  return {.name = name,
          .title = title,
          .family = FamilyOf<Counts>(),
          .kind = std::is_integral_v<Value> ? Kind::kCount : Kind::kSum,
          .better = better,
          .get = [](const MotSummary& s) -> MotValue {
            return {static_cast<double>(PartOf<Counts>(s).*kMember), {}};
          },
          .put =
              [](const MotValue& v, MotCounts* c) {
                PartOf<Counts>(c).*kMember = static_cast<Value>(v.value.value_or(0));
              }};
}

template <AlphaCounts HotaCounts::*kMember>
constexpr MotField AlphaCount(std::string_view name, std::string_view title, Better better) {
  return {.name = name,
          .title = title,
          .family = "HOTA",
          .kind = Kind::kCount,
          .better = better,
          .over_alphas = true,
          .is_detail = true,
          .get = [](const MotSummary& s) -> MotValue {
            MotValue out;
            for (int a = 0; a < kAlphas; ++a)
              out.alphas[a] = static_cast<double>((s.hota.counts.*kMember)[a]);
            out.value = MeanOverAlphas(out.alphas);
            return out;
          },
          .put =
              [](const MotValue& v, MotCounts* c) {
                for (int a = 0; a < kAlphas; ++a)
                  (c->hota.*kMember)[a] = static_cast<int64_t>(v.alphas[a]);
              }};
}

template <AlphaValues HotaSummary::*kMember>
constexpr MotField AlphaRatio(std::string_view name, std::string_view title) {
  return {.name = name,
          .title = title,
          .family = "HOTA",
          .over_alphas = true,
          .get = [](const MotSummary& s) -> MotValue {
            return {MeanOverAlphas(s.hota.*kMember), s.hota.*kMember};
          }};
}
// A mean over the true positives of each alpha: their sum is what adds up.
template <AlphaValues HotaSummary::*kMember, AlphaValues HotaCounts::*kSum>
constexpr MotField AlphaMean(std::string_view name, std::string_view title) {
  MotField field = AlphaRatio<kMember>(name, title);
  field.put = [](const MotValue& v, MotCounts* c) {
    for (int a = 0; a < kAlphas; ++a) {
      const auto tp = static_cast<double>(c->hota.tp[a]);
      (c->hota.*kSum)[a] = v.alphas[a] * tp;
    }
  };
  return field;
}

// A field of the summary of CLEAR, Identity or VACE.
template <auto kMember>
constexpr MotField Ratio(std::string_view name, std::string_view title) {
  using Summary = typename MemberOf<decltype(kMember)>::CountsType;
  return {.name = name,
          .title = title,
          .family = FamilyOf<decltype(Summary::counts)>(),
          .get = [](const MotSummary& s) -> MotValue {
            if constexpr (std::is_same_v<Summary, ClearSummary>) return {s.clear.*kMember, {}};
            if constexpr (std::is_same_v<Summary, IdentitySummary>)
              return {s.identity.*kMember, {}};
            if constexpr (std::is_same_v<Summary, VaceSummary>) return {s.vace.*kMember, {}};
          }};
}

// At the lowest threshold alone.
constexpr MotField AtLowestAlpha(std::string_view name, std::string_view title,
                                 MotValue (*get)(const MotSummary&)) {
  return {.name = name, .title = title, .family = "HOTA", .get = get};
}

constexpr MotField OfIdentities(MotField field) {
  field.of_identities = true;
  return field;
}
constexpr MotField OfWholeTracks(MotField field) {
  field.adds_over_blocks = false;
  return field;
}
constexpr MotField Detail(MotField field) {
  field.is_detail = true;
  return field;
}
constexpr MotField Rate(MotField field) {
  field.kind = Kind::kRate;
  return field;
}
constexpr MotField With(Better better, MotField field) {
  field.better = better;
  return field;
}

constexpr Better kNone = Better::kNone, kHigher = Better::kHigher, kLower = Better::kLower;

constexpr MotField kFields[] = {
    OfIdentities(AlphaRatio<&HotaSummary::hota>("HOTA", "HOTA")),
    AlphaRatio<&HotaSummary::det_a>("DetA", "Detection accuracy"),
    OfIdentities(AlphaMean<&HotaSummary::ass_a, &HotaCounts::ass_a_sum>(  //
        "AssA", "Association accuracy")),
    AlphaRatio<&HotaSummary::det_re>("DetRe", "Detection recall"),
    AlphaRatio<&HotaSummary::det_pr>("DetPr", "Detection precision"),
    OfIdentities(AlphaMean<&HotaSummary::ass_re, &HotaCounts::ass_re_sum>(  //
        "AssRe", "Association recall")),
    OfIdentities(AlphaMean<&HotaSummary::ass_pr, &HotaCounts::ass_pr_sum>(  //
        "AssPr", "Association precision")),
    AlphaMean<&HotaSummary::loc_a, &HotaCounts::similarity_sum>(  //
        "LocA", "Localisation accuracy"),
    OfIdentities(AlphaRatio<&HotaSummary::owta>("OWTA", "Open-world tracking accuracy")),
    AlphaCount<&HotaCounts::tp>("HOTA_TP", "True positives", kHigher),
    AlphaCount<&HotaCounts::fn>("HOTA_FN", "False negatives", kLower),
    AlphaCount<&HotaCounts::fp>("HOTA_FP", "False positives", kLower),
    OfIdentities(AtLowestAlpha("HOTA(0)", "HOTA at IoU 0.05",
                               [](const MotSummary& s) -> MotValue {
                                 return {s.hota.hota[0], {}};
                               })),
    AtLowestAlpha("LocA(0)", "Localisation accuracy at IoU 0.05",
                  [](const MotSummary& s) -> MotValue {
                    return {s.hota.loc_a[0], {}};
                  }),
    OfIdentities(AtLowestAlpha("HOTALocA(0)", "HOTA times localisation at IoU 0.05",
                               [](const MotSummary& s) -> MotValue {
                                 return {s.hota.hota[0] * s.hota.loc_a[0], {}};
                               })),
    OfIdentities(Ratio<&ClearSummary::mota>("MOTA", "MOTA")),
    Ratio<&ClearSummary::motp>("MOTP", "MOTP"),
    Ratio<&ClearSummary::moda>("MODA", "MODA"),
    Ratio<&ClearSummary::recall>("CLR_Re", "Recall"),
    Ratio<&ClearSummary::precision>("CLR_Pr", "Precision"),
    OfWholeTracks(Ratio<&ClearSummary::mostly_tracked_ratio>("MTR", "Mostly tracked, share")),
    With(kNone, OfWholeTracks(Ratio<&ClearSummary::partly_tracked_ratio>(  //
                    "PTR", "Partly tracked, share"))),
    With(kLower,
         OfWholeTracks(Ratio<&ClearSummary::mostly_lost_ratio>("MLR", "Mostly lost, share"))),
    OfIdentities(Ratio<&ClearSummary::soft_mota>("sMOTA", "Soft MOTA")),
    Detail(Ratio<&ClearSummary::f1>("CLR_F1", "Detection F1")),
    Detail(With(kLower, Rate(Ratio<&ClearSummary::fp_per_frame>(  //
                            "FP_per_frame", "False positives a frame")))),
    Detail(OfIdentities(Ratio<&ClearSummary::motal>("MOTAL", "MOTA with log switches"))),
    Detail(Count<&ClearCounts::similarity_sum>("MOTP_sum", "Sum of IoU", kHigher)),
    Count<&ClearCounts::tp>("CLR_TP", "True positives", kHigher),
    Count<&ClearCounts::fn>("CLR_FN", "False negatives", kLower),
    Count<&ClearCounts::fp>("CLR_FP", "False positives", kLower),
    OfIdentities(Count<&ClearCounts::id_switches>("IDSW", "Identity switches", kLower)),
    OfWholeTracks(Count<&ClearCounts::mostly_tracked>("MT", "Mostly tracked", kHigher)),
    OfWholeTracks(Count<&ClearCounts::partly_tracked>("PT", "Partly tracked", kNone)),
    OfWholeTracks(Count<&ClearCounts::mostly_lost>("ML", "Mostly lost", kLower)),
    OfWholeTracks(Count<&ClearCounts::fragmentations>("Frag", "Fragmentations", kLower)),
    Detail(Count<&ClearCounts::frames>("CLR_Frames", "Frames", kNone)),
    OfIdentities(Ratio<&IdentitySummary::f1>("IDF1", "IDF1")),
    OfIdentities(Ratio<&IdentitySummary::recall>("IDR", "Identity recall")),
    OfIdentities(Ratio<&IdentitySummary::precision>("IDP", "Identity precision")),
    OfIdentities(Count<&IdentityCounts::tp>("IDTP", "Identity true positives", kHigher)),
    OfIdentities(Count<&IdentityCounts::fn>("IDFN", "Identity false negatives", kLower)),
    OfIdentities(Count<&IdentityCounts::fp>("IDFP", "Identity false positives", kLower)),
    Detail(OfWholeTracks(Count<&VaceCounts::stda>("STDA", "Track detection accuracy", kHigher))),
    OfWholeTracks(Ratio<&VaceSummary::ata>("ATA", "Average tracking accuracy")),
    Detail(OfWholeTracks(Count<&VaceCounts::fda>("FDA", "Frame detection accuracy", kHigher))),
    OfWholeTracks(Ratio<&VaceSummary::sfda>("SFDA", "Sequence frame detection accuracy")),
    Detail(OfWholeTracks(Count<&VaceCounts::tracker_ids>("VACE_IDs", "Tracks", kNone))),
    Detail(OfWholeTracks(Count<&VaceCounts::gt_ids>("VACE_GT_IDs", "Persons", kNone))),
    Detail(OfWholeTracks(Count<&VaceCounts::non_empty_frames>(  //
        "num_non_empty_timesteps", "Frames with boxes", kNone))),
    Count<&BoxCounts::tracker_boxes>("Dets", "Boxes", kNone),
    Count<&BoxCounts::gt_boxes>("GT_Dets", "Boxes of persons", kNone),
    OfWholeTracks(Count<&BoxCounts::tracker_ids>("IDs", "Tracks", kNone)),
    OfWholeTracks(Count<&BoxCounts::gt_ids>("GT_IDs", "Persons", kNone)),
    // TrackEval lists it for single sequences alone; here it is listed always.
    Detail(Count<&BoxCounts::frames>("Frames", "Frames", kNone)),
};

}  // namespace

std::span<const MotField> MotFields() { return kFields; }

const MotField& FindMotField(std::string_view name) {
  for (const MotField& field : kFields) {
    if (field.name == name) return field;
  }
  std::vector<std::string> known;
  for (const MotField& field : kFields) known.emplace_back(field.name);
  ThrowUsage("unknown metric '{}'{}", name, SuggestName(name, known));
}

MotValues ListValues(const MotSummary& summary) {
  MotValues values;
  for (const MotField& field : kFields) values.push_back(field.get(summary));
  return values;
}

MotCounts RestoreCounts(std::span<const MotValue> values) {
  REIDBENCH_CHECK(values.size() == std::size(kFields));
  MotCounts counts;
  for (const bool plain : {true, false}) {
    for (size_t f = 0; f < values.size(); ++f) {
      if (kFields[f].put != nullptr && kFields[f].is_count() == plain)
        kFields[f].put(values[f], &counts);
    }
  }
  counts.clear.one_side_empty = counts.clear.frames == 0;  // CountClear counts none then
  return counts;
}

MotValues AverageClasses(std::span<const MotValues> classes) {
  REIDBENCH_CHECK(!classes.empty());
  MotValues out(std::size(kFields));
  for (size_t f = 0; f < out.size(); ++f) {
    double sum = 0;
    int64_t defined = 0;
    for (const MotValues& values : classes) {
      if (!values[f].value) continue;
      ++defined;
      sum += *values[f].value;
      for (int a = 0; a < kAlphas; ++a) out[f].alphas[a] += values[f].alphas[a];
    }
    if (defined == 0) continue;
    const bool adds = kFields[f].kind == Kind::kCount || kFields[f].kind == Kind::kSum;
    const double divisor = adds ? 1 : static_cast<double>(defined);
    for (double& alpha : out[f].alphas) alpha /= divisor;
    out[f].value = kFields[f].over_alphas ? MeanOverAlphas(out[f].alphas) : sum / divisor;
  }
  return out;
}

std::optional<double> FieldValue(const MotSummary& summary, std::string_view name) {
  return FindMotField(name).get(summary).value;
}

}  // namespace reidbench
