#include "reidbench/results/synth.h"

#include <fmt/core.h>

#include "reidbench/core/text.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

std::string CountCell(int64_t value, TableFormat format) {
  return format == TableFormat::kCsv ? fmt::format("{}", value) : WithThousands(value);
}

Table CameraTable(const SynthStageResult& result, TableFormat format) {
  Table table({{"sequence", Align::kLeft},
               {"frames"},
               {"fps"},
               {"persons"},
               {"boxes"},
               {"per frame"},
               {"median height"},
               {"half hidden %"},
               {"detections"},
               {"of nobody"}});
  for (const SynthCameraSummary& camera : result.cameras) {
    int64_t half_hidden = 0;
    for (size_t k = 0; k < 5; ++k) half_hidden += camera.visibility[k];
    std::optional<double> hidden;
    if (camera.boxes > 0)
      hidden = static_cast<double>(half_hidden) / static_cast<double>(camera.boxes);
    table.AddRow(
        {camera.sequence, CountCell(camera.frames, format), fmt::format("{:g}", camera.frame_rate),
         CountCell(camera.persons, format), CountCell(camera.boxes, format),
         Number(static_cast<double>(camera.boxes) / static_cast<double>(camera.frames), 1),
         fmt::format("{}", camera.MedianHeight()), Percent(hidden, 1),
         CountCell(camera.detections, format), CountCell(camera.false_detections, format)});
  }
  return table;
}

}  // namespace

int SynthCameraSummary::MedianHeight() const {
  int64_t all = 0;
  for (const int64_t count : heights) all += count;
  int64_t below = 0;
  for (size_t k = 0; k < heights.size(); ++k) {
    below += heights[k];
    if (all > 0 && 2 * below >= all) return static_cast<int>(k);
  }
  return 0;
}

std::string RenderSynthTables(const SynthStageResult& result, TableFormat format) {
  std::string text;
  if (format == TableFormat::kText) {
    const SynthOptions& world = result.world;
    text = fmt::format(
        "{}: {}, seed {}, {:g} x {:g} m, {:.1f} people at a time for {:.1f} s\n"
        "{} persons, {} visits, {} re-entries, {} crossings\n\n",
        result.output.string(), world.scene, world.seed, world.hall_width_m, world.hall_depth_m,
        result.mean_people, result.seconds, WithThousands(result.persons),
        WithThousands(result.visits), WithThousands(result.reentries),
        WithThousands(result.crossings));
  }
  text += CameraTable(result, format).Render(format);
  const SynthReidSummary& reid = result.reid;
  if (reid.train_persons + reid.test_persons == 0) return text;
  Table table({{"re-ID set", Align::kLeft}, {"images"}, {"persons"}, {"distractors"}, {"junk"}});
  table.AddRow({"bounding_box_train", CountCell(reid.train_images, format),
                CountCell(reid.train_persons, format), "0", "0"});
  table.AddRow({"query", CountCell(reid.query_images, format), CountCell(reid.test_persons, format),
                "0", "0"});
  table.AddRow({"bounding_box_test", CountCell(reid.gallery_images, format),
                CountCell(reid.test_persons, format), CountCell(reid.distractors, format),
                CountCell(reid.junk, format)});
  return text + "\n" + table.Render(format);
}

std::string RenderSynthCsv(const SynthStageResult& result) {
  return CameraTable(result, TableFormat::kCsv).Render(TableFormat::kCsv);
}

std::string RenderSynthJson(const SynthStageResult& result) {
  Json json;
  json["schema"] = kSynthSchema;
  json["output"] = result.output.string();
  Json& world = json["world"];
  world["scene"] = result.world.scene;
  world["seed"] = result.world.seed;
  for (const SynthKnob& knob : SynthKnobs()) {
    if (knob.whole != nullptr) {
      world[knob.name] = result.world.*knob.whole;
    } else {
      world[knob.name] = result.world.*knob.real;
    }
  }
  world["frame_rate"] = result.world.frame_rate;
  world["perfect_detections"] = result.world.perfect_detections;
  json["seconds"] = result.seconds;
  json["mean_people"] = result.mean_people;
  json["persons"] = result.persons;
  json["visits"] = result.visits;
  json["reentries"] = result.reentries;
  json["crossings"] = result.crossings;
  json["cameras"] = Json::array();
  for (const SynthCameraSummary& camera : result.cameras) {
    json["cameras"].push_back({{"sequence", camera.sequence},
                               {"frame_rate", camera.frame_rate},
                               {"frames", camera.frames},
                               {"persons", camera.persons},
                               {"boxes", camera.boxes},
                               {"hidden_boxes", camera.hidden_boxes},
                               {"visibility_histogram", camera.visibility},
                               {"median_height_px", camera.MedianHeight()},
                               {"detections", camera.detections},
                               {"false_detections", camera.false_detections}});
  }
  const SynthReidSummary& reid = result.reid;
  json["reid"] = {{"train_persons", reid.train_persons},
                  {"test_persons", reid.test_persons},
                  {"train_images", reid.train_images},
                  {"query_images", reid.query_images},
                  {"gallery_images", reid.gallery_images},
                  {"distractors", reid.distractors},
                  {"junk", reid.junk}};
  json["notes"] = result.notes;
  return DumpJson(json, 2);
}

}  // namespace reidbench
