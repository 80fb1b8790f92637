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

// A family's counts, or the summary made of them.
template <typename Owner>
constexpr bool kIsSummary = requires(Owner owner) {
  owner.counts;
};
template <typename Owner>
constexpr bool kIsOfHota = std::is_same_v<Owner, HotaSummary> || std::is_same_v<Owner, HotaCounts>;
template <typename Owner>
constexpr bool kIsOfClear =
    std::is_same_v<Owner, ClearSummary> || std::is_same_v<Owner, ClearCounts>;
template <typename Owner>
constexpr bool kIsOfIdentity =
    std::is_same_v<Owner, IdentitySummary> || std::is_same_v<Owner, IdentityCounts>;
template <typename Owner>
constexpr bool kIsOfVace = std::is_same_v<Owner, VaceSummary> || std::is_same_v<Owner, VaceCounts>;

// The family in the summary or the counts of all.
template <typename Owner, typename All>
constexpr auto& FamilyIn(All& all) {
  if constexpr (kIsOfHota<Owner>) return all.hota;
  if constexpr (kIsOfClear<Owner>) return all.clear;
  if constexpr (kIsOfIdentity<Owner>) return all.identity;
  if constexpr (kIsOfVace<Owner>) return all.vace;
  if constexpr (std::is_same_v<Owner, BoxCounts>) return all.boxes;
}
template <typename Owner>
const Owner& PartOf(const MotSummary& summary) {
  if constexpr (kIsSummary<Owner> || std::is_same_v<Owner, BoxCounts>)
    return FamilyIn<Owner>(summary);
  else
    return FamilyIn<Owner>(summary).counts;
}

MotValue ValueOf(double value) { return {value, {}}; }  // else it would become an int64_t
MotValue ValueOf(std::optional<double> value) { return {value, {}}; }
MotValue ValueOf(int64_t count) { return {static_cast<double>(count), {}}; }
MotValue ValueOf(const AlphaValues& alphas) { return {MeanOverAlphas(alphas), alphas}; }
MotValue ValueOf(const AlphaCounts& counts) {
  AlphaValues alphas{};
  std::copy(counts.begin(), counts.end(), alphas.begin());
  return ValueOf(alphas);
}

void Restore(const MotValue& value, double* sum) { *sum = value.value.value_or(0); }
void Restore(const MotValue& value, int64_t* count) {
  *count = static_cast<int64_t>(value.value.value_or(0));
}
void Restore(const MotValue& value, AlphaCounts* counts) {
  for (int a = 0; a < kAlphas; ++a) (*counts)[a] = static_cast<int64_t>(value.alphas[a]);
}

template <typename T>
struct MemberOf;
template <typename ValueType, typename OwnerType>
struct MemberOf<ValueType OwnerType::*> {
  using Value = ValueType;
  using Owner = OwnerType;
};

// What a row says beside its name; without any: a ratio that is better higher.
enum Flags : unsigned {
  kPlain = 0,
  kLower = 1,
  kNeither = 2,
  kIdentities = 4,   // of_identities
  kWholeTracks = 8,  // not adds_over_blocks
  kDetail = 16,
  kRate = 32,
  kOurs = 64,  // not in_trackeval
};

constexpr MotField Row(std::string_view name, std::string_view title, unsigned flags,
                       MotValue (*get)(const MotSummary&)) {
  return {.name = name,
          .title = title,
          .family = "HOTA",
          .kind = (flags & kRate) != 0 ? Kind::kRate : Kind::kRatio,
          .better = (flags & kLower) != 0     ? Better::kLower
                    : (flags & kNeither) != 0 ? Better::kNone
                                              : Better::kHigher,
          .of_identities = (flags & kIdentities) != 0,
          .adds_over_blocks = (flags & kWholeTracks) == 0,
          .is_detail = (flags & kDetail) != 0,
          .in_trackeval = (flags & kOurs) == 0,
          .get = get};
}

// A member of a family's summary or counts. `kSum`: of a mean over the true positives of each alpha
// the member of HotaCounts that adds up.
template <auto kMember, AlphaValues HotaCounts::*kSum = nullptr>
constexpr MotField Row(std::string_view name, std::string_view title, unsigned flags = kPlain) {
  using Value = typename MemberOf<decltype(kMember)>::Value;
  using Owner = typename MemberOf<decltype(kMember)>::Owner;
  MotField field = Row(name, title, flags, [](const MotSummary& summary) {
    return ValueOf(PartOf<Owner>(summary).*kMember);
  });
  field.family = kIsOfHota<Owner>       ? "HOTA"
                 : kIsOfClear<Owner>    ? "CLEAR"
                 : kIsOfIdentity<Owner> ? "Identity"
                 : kIsOfVace<Owner>     ? "VACE"
                                        : "Count";
  constexpr bool is_alpha_count = std::is_same_v<Value, AlphaCounts>;
  field.over_alphas = is_alpha_count || std::is_same_v<Value, AlphaValues>;
  if constexpr (!kIsSummary<Owner>) {
    field.kind = std::is_integral_v<Value> || is_alpha_count ? Kind::kCount : Kind::kSum;
    field.put = [](const MotValue& value, MotCounts* counts) {
      Restore(value, &(FamilyIn<Owner>(*counts).*kMember));
    };
  } else if constexpr (kSum != nullptr) {
    field.put = [](const MotValue& value, MotCounts* counts) {
      for (int a = 0; a < kAlphas; ++a)
        (counts->hota.*kSum)[a] = value.alphas[a] * static_cast<double>(counts->hota.tp[a]);
    };
  }
  return field;
}

using Hota = HotaSummary;
using Clear = ClearSummary;
using Identity = IdentitySummary;
using Vace = VaceSummary;

constexpr MotField kFields[] = {
    Row<&Hota::hota>("HOTA", "HOTA", kIdentities),
    Row<&Hota::det_a>("DetA", "Detection accuracy"),
    Row<&Hota::ass_a, &HotaCounts::ass_a_sum>("AssA", "Association accuracy", kIdentities),
    Row<&Hota::det_re>("DetRe", "Detection recall"),
    Row<&Hota::det_pr>("DetPr", "Detection precision"),
    Row<&Hota::ass_re, &HotaCounts::ass_re_sum>("AssRe", "Association recall", kIdentities),
    Row<&Hota::ass_pr, &HotaCounts::ass_pr_sum>("AssPr", "Association precision", kIdentities),
    Row<&Hota::loc_a, &HotaCounts::similarity_sum>("LocA", "Localisation accuracy"),
    Row<&Hota::owta>("OWTA", "Open-world tracking accuracy", kIdentities),
    Row<&HotaCounts::tp>("HOTA_TP", "True positives", kDetail),
    Row<&HotaCounts::fn>("HOTA_FN", "False negatives", kLower | kDetail),
    Row<&HotaCounts::fp>("HOTA_FP", "False positives", kLower | kDetail),
    Row("HOTA(0)", "HOTA at IoU 0.05", kIdentities,
        [](const MotSummary& s) { return ValueOf(s.hota.hota[0]); }),
    Row("LocA(0)", "Localisation accuracy at IoU 0.05", kPlain,
        [](const MotSummary& s) { return ValueOf(s.hota.loc_a[0]); }),
    Row("HOTALocA(0)", "HOTA times localisation at IoU 0.05", kIdentities,
        [](const MotSummary& s) { return ValueOf(s.hota.hota[0] * s.hota.loc_a[0]); }),
    Row<&Clear::mota>("MOTA", "MOTA", kIdentities),
    Row<&Clear::motp>("MOTP", "MOTP"),
    Row<&Clear::moda>("MODA", "MODA"),
    Row<&Clear::recall>("CLR_Re", "Recall"),
    Row<&Clear::precision>("CLR_Pr", "Precision"),
    Row<&Clear::mostly_tracked_ratio>("MTR", "Mostly tracked, share", kWholeTracks),
    Row<&Clear::partly_tracked_ratio>("PTR", "Partly tracked, share", kNeither | kWholeTracks),
    Row<&Clear::mostly_lost_ratio>("MLR", "Mostly lost, share", kLower | kWholeTracks),
    Row<&Clear::soft_mota>("sMOTA", "Soft MOTA", kIdentities),
    Row<&Clear::f1>("CLR_F1", "Detection F1", kDetail),
    Row<&Clear::fp_per_frame>("FP_per_frame", "False positives a frame", kLower | kDetail | kRate),
    Row<&Clear::motal>("MOTAL", "MOTA with log switches", kIdentities | kDetail),
    Row<&ClearCounts::similarity_sum>("MOTP_sum", "Sum of IoU", kDetail),
    Row<&ClearCounts::tp>("CLR_TP", "True positives"),
    Row<&ClearCounts::fn>("CLR_FN", "False negatives", kLower),
    Row<&ClearCounts::fp>("CLR_FP", "False positives", kLower),
    Row<&ClearCounts::id_switches>("IDSW", "Identity switches", kLower | kIdentities),
    Row<&ClearCounts::mostly_tracked>("MT", "Mostly tracked", kWholeTracks),
    Row<&ClearCounts::partly_tracked>("PT", "Partly tracked", kNeither | kWholeTracks),
    Row<&ClearCounts::mostly_lost>("ML", "Mostly lost", kLower | kWholeTracks),
    Row<&ClearCounts::fragmentations>("Frag", "Fragmentations", kLower | kWholeTracks),
    Row<&ClearCounts::frames>("CLR_Frames", "Frames", kNeither | kDetail),
    Row<&Identity::f1>("IDF1", "IDF1", kIdentities),
    Row<&Identity::recall>("IDR", "Identity recall", kIdentities),
    Row<&Identity::precision>("IDP", "Identity precision", kIdentities),
    Row<&IdentityCounts::tp>("IDTP", "Identity true positives", kIdentities),
    Row<&IdentityCounts::fn>("IDFN", "Identity false negatives", kLower | kIdentities),
    Row<&IdentityCounts::fp>("IDFP", "Identity false positives", kLower | kIdentities),
    Row<&VaceCounts::stda>("STDA", "Track detection accuracy", kWholeTracks | kDetail),
    Row<&Vace::ata>("ATA", "Average tracking accuracy", kWholeTracks),
    Row<&VaceCounts::fda>("FDA", "Frame detection accuracy", kWholeTracks | kDetail),
    Row<&Vace::sfda>("SFDA", "Sequence frame detection accuracy", kWholeTracks),
    Row<&VaceCounts::tracker_ids>("VACE_IDs", "Tracks", kNeither | kWholeTracks | kDetail),
    Row<&VaceCounts::gt_ids>("VACE_GT_IDs", "Persons", kNeither | kWholeTracks | kDetail),
    Row<&VaceCounts::non_empty_frames>("num_non_empty_timesteps", "Frames with boxes",
                                       kNeither | kWholeTracks | kDetail),
    Row<&BoxCounts::tracker_boxes>("Dets", "Boxes", kNeither),
    Row<&BoxCounts::gt_boxes>("GT_Dets", "Boxes of persons", kNeither),
    Row<&BoxCounts::tracker_ids>("IDs", "Tracks", kNeither | kWholeTracks),
    Row<&BoxCounts::gt_ids>("GT_IDs", "Persons", kNeither | kWholeTracks),
    // TrackEval lists it for single sequences alone; here it is listed always.
    Row<&BoxCounts::frames>("Frames", "Frames", kNeither | kDetail),
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
