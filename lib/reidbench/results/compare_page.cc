#include "reidbench/results/compare_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/results/relink.h"
#include "reidbench/results/report_page.h"
#include "reidbench/video/page_pictures.h"

namespace reidbench {
namespace {

constexpr int kPictureSide = 168;  // px; a third of the browser's width at most
constexpr int kPictureQuality = 72;
constexpr size_t kPicturesPerSwitch = 3;

BoxLtwh Around(const BoxLtwh& a, const BoxLtwh& b) {
  const double left = std::min(a.left, b.left), top = std::min(a.top, b.top);
  const double right = std::max(a.left + a.width, b.left + b.width);
  const double bottom = std::max(a.top + a.height, b.top + b.height);
  return {left, top, right - left, bottom - top};
}

// Before, during, after.
std::vector<PictureRequest> Requests(const IdSwitch& s) {
  return {{.frame = s.last_frame, .box_px = s.gt_box_before, .margin = 1.5, .marked = true},
          // Where the person is in between is not known; this shows all of the way and who is near.
          {.frame = (s.last_frame + s.frame) / 2,
           .box_px = Around(s.gt_box_before, s.gt_box_after),
           .margin = 1.9,
           .marked = false},
          {.frame = s.frame, .box_px = s.gt_box_after, .margin = 1.5, .marked = true}};
}

Json PictureJson(const Picture& picture) {
  if (picture.uri.empty()) return nullptr;
  Json out = {{"frame", picture.frame}, {"uri", picture.uri}};
  if (picture.box) out["box"] = *picture.box;
  return out;
}

// A switch to be shown, and its place in the page's data.
struct Shown {
  size_t sequence = 0;
  const char* run = "";
  size_t index = 0;
  const IdSwitch* data = nullptr;
  SwitchStatus status = SwitchStatus::kFixed;
};

// Those that correction changed come first: a limit cuts off the others.
std::vector<Shown> SwitchesToShow(const CompareStageResult& result) {
  std::vector<Shown> all;
  for (size_t q = 0; q < result.sequences.size(); ++q) {
    const ComparedSequence& sequence = result.sequences[q];
    for (size_t i = 0; i < sequence.plain_switches.size(); ++i) {
      all.push_back({q, "plain", i, &sequence.plain_switches[i], sequence.status.plain[i]});
    }
    for (size_t i = 0; i < sequence.corrected_switches.size(); ++i) {
      // What remains is shown by its plain switch.
      if (sequence.status.corrected[i] == SwitchStatus::kRemaining) continue;
      all.push_back(
          {q, "corrected", i, &sequence.corrected_switches[i], sequence.status.corrected[i]});
    }
  }
  std::stable_partition(all.begin(), all.end(),
                        [](const Shown& s) { return s.status != SwitchStatus::kRemaining; });
  return all;
}

Json PicturesJson(const CompareStageResult& result, const ComparePageOptions& options) {
  const std::vector<Shown> shown = SwitchesToShow(result);
  Json out = {{"note", ""}, {"sequences", Json::object()}};
  for (const ComparedSequence& sequence : result.sequences) {
    out["sequences"][sequence.name] = {
        {"plain", Json(sequence.plain_switches.size(), nullptr)},
        {"corrected", Json(sequence.corrected_switches.size(), nullptr)}};
  }
  // Switch by switch, in the order of their worth, until the page is large enough; decoding goes by
  // sequence, in portions so that no more is cut than a page can hold.
  constexpr size_t kPortion = 64;
  size_t bytes = 0, without_file = 0, beyond_limit = 0;
  std::vector<std::filesystem::path> frames;
  for (const ComparedSequence& sequence : result.sequences) {
    frames.push_back(FindSequenceFrames(options.frames, sequence.name, result.sequences.size() == 1)
                         .value_or(""));
  }
  for (size_t begin = 0; begin < shown.size(); begin += kPortion) {
    const size_t end = std::min(begin + kPortion, shown.size());
    for (size_t q = 0; q < result.sequences.size(); ++q) {
      std::vector<PictureRequest> requests;
      std::vector<const Shown*> owners;
      for (size_t k = begin; k < end; ++k) {
        if (shown[k].sequence != q) continue;
        if (bytes >= options.max_picture_bytes) {
          ++beyond_limit;
          continue;
        }
        owners.push_back(&shown[k]);
        for (const PictureRequest& request : Requests(*shown[k].data)) requests.push_back(request);
      }
      const std::vector<Picture> pictures =
          CutPictures(frames[q], requests, kPictureSide, kPictureQuality);
      for (size_t k = 0; k < owners.size(); ++k) {
        const Picture* own = &pictures[k * kPicturesPerSwitch];
        size_t size = 0;
        bool complete = true;
        for (size_t p = 0; p < kPicturesPerSwitch; ++p) {
          size += own[p].uri.size();
          complete = complete && !own[p].uri.empty();
        }
        if (bytes + size > options.max_picture_bytes) {
          ++beyond_limit;
          continue;
        }
        bytes += size;
        without_file += complete ? 0 : 1;
        out["sequences"][result.sequences[q].name][owners[k]->run][owners[k]->index] = {
            {"before", PictureJson(own[0])},
            {"during", PictureJson(own[1])},
            {"after", PictureJson(own[2])}};
      }
    }
  }
  std::vector<std::string> notes;
  if (without_file > 0) {
    notes.push_back(
        fmt::format("{} of {} switches lack pictures: their frames are missing or cannot be read "
                    "in {}.",
                    without_file, shown.size(), options.frames.string()));
  }
  if (beyond_limit > 0) {
    notes.push_back(
        fmt::format("{} of {} switches are shown without pictures, to keep this file small.",
                    beyond_limit, shown.size()));
  }
  out["note"] = JoinText(notes, " ");
  return out;
}

// The file without its white space.
std::string DecisionsJson(const std::filesystem::path& file) {
  const Json decisions = ReadJson(file);
  RequireDecisions(decisions, file.string());
  return DumpJson(decisions, -1);
}

}  // namespace

std::string RenderSwitchPictures(const CompareStageResult& result,
                                 const ComparePageOptions& options) {
  if (options.frames.empty()) {
    return DumpJson({{"note", "Made without the video's frames: give --frames to see pictures."},
                     {"sequences", Json::object()}},
                    -1);
  }
  return DumpJson(PicturesJson(result, options), -1);
}

std::string RenderComparePage(const CompareStageResult& result, const ComparePageOptions& options) {
  std::vector<ReportPart> parts = {{"compare", RenderCompareJson(result)},
                                   {"crops", RenderSwitchPictures(result, options)}};
  if (!options.decisions.empty()) parts.push_back({"decisions", DecisionsJson(options.decisions)});
  return RenderReportPage(
      fmt::format("{} against {}, {}", result.plain, result.corrected, result.benchmark.name),
      parts);
}

}  // namespace reidbench
