#include "reidbench/results/convert.h"

#include <fmt/core.h>

#include "reidbench/core/text.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

Table ConvertedSequenceTable(const ConvertStageResult& result, TableFormat format) {
  Table table({{"sequence", Align::kLeft}, {"frames"}, {"boxes"}, {"tracks"}});
  const auto count = [&](int64_t value) {
    return format == TableFormat::kCsv ? fmt::format("{}", value) : WithThousands(value);
  };
  for (const ConvertedSequence& sequence : result.sequences) {
    table.AddRow(
        {sequence.name, count(sequence.frames), count(sequence.boxes), count(sequence.tracks)});
  }
  return table;
}

std::string ClassText(const BoxClass& box_class) {
  if (box_class.number < 0) return box_class.name.empty() ? "none" : box_class.name;
  return box_class.name.empty() ? fmt::format("{}", box_class.number)
                                : fmt::format("{} {}", box_class.number, box_class.name);
}

Json BoxClassJson(const BoxClass& box_class) {
  return {{"number", box_class.number < 0 ? Json(nullptr) : Json(box_class.number)},
          {"name", box_class.name.empty() ? Json(nullptr) : Json(box_class.name)}};
}

std::string RoundTripText(const ConvertStageResult& result) {
  const std::string boxes = WithThousands(result.Boxes());
  if (result.Lossless()) return fmt::format("lossless, checked by a round trip: {} boxes", boxes);
  if (result.largest_px == 0 && result.largest_value == 0) {
    return fmt::format("checked by a round trip: {} boxes, equal but for what is listed above",
                       boxes);
  }
  return fmt::format(
      "checked by a round trip: {} boxes, rounded by at most {:.3g} px{} ({})", boxes,
      result.largest_px,
      result.largest_value > 0 ? fmt::format(" and values by {:.3g}", result.largest_value) : "",
      result.where);
}

}  // namespace

int64_t ConvertStageResult::Boxes() const {
  int64_t boxes = 0;
  for (const ConvertedSequence& sequence : sequences) boxes += sequence.boxes;
  return boxes;
}

std::string DescribeLoss(const BoxLoss& loss) {
  return fmt::format("{}: {} dropped: {}", loss.what, WithThousands(loss.count), loss.why);
}

std::string RenderConvertTables(const ConvertStageResult& result, TableFormat format) {
  std::string text;
  if (format == TableFormat::kText) {
    text = fmt::format("{} ({}) -> {} ({}{})\n\n", result.input, result.from, result.output,
                       result.to, result.rows.empty() ? "" : ", " + result.rows);
  }
  text += ConvertedSequenceTable(result, format).Render(format);
  if (!result.classes.empty()) {
    Table table({{"class read", Align::kLeft}, {"written", Align::kLeft}, {"boxes"}});
    for (const ClassChange& change : result.classes)
      table.AddRow(
          {ClassText(change.read), ClassText(change.written), WithThousands(change.boxes)});
    text += "\n" + table.Render(format);
  }
  if (!result.losses.empty()) {
    Table table({{"dropped", Align::kLeft}, {"count"}, {"because", Align::kLeft}});
    for (const BoxLoss& loss : result.losses)
      table.AddRow({loss.what, WithThousands(loss.count), loss.why});
    text += "\n" + table.Render(format);
  }
  if (format == TableFormat::kText) {
    text += "\n";
    for (const std::string& note : result.notes) text += note + "\n";
    text += RoundTripText(result) + "\n";
  }
  return text;
}

std::string RenderConvertCsv(const ConvertStageResult& result) {
  return ConvertedSequenceTable(result, TableFormat::kCsv).Render(TableFormat::kCsv);
}

std::string RenderConvertJson(const ConvertStageResult& result) {
  Json json;
  json["schema"] = kConvertSchema;
  json["input"] = result.input;
  json["output"] = result.output;
  json["from"] = result.from;
  json["to"] = result.to;
  json["rows"] = result.rows.empty() ? Json(nullptr) : Json(result.rows);
  json["sequences"] = Json::array();
  for (const ConvertedSequence& sequence : result.sequences) {
    json["sequences"].push_back({{"name", sequence.name},
                                 {"frames", sequence.frames},
                                 {"boxes", sequence.boxes},
                                 {"tracks", sequence.tracks}});
  }
  json["files"] = result.files;
  json["classes"] = Json::array();
  for (const ClassChange& change : result.classes) {
    json["classes"].push_back({{"read", BoxClassJson(change.read)},
                               {"written", BoxClassJson(change.written)},
                               {"boxes", change.boxes}});
  }
  json["left_out"] = result.left_out;
  json["losses"] = Json::array();
  for (const BoxLoss& loss : result.losses)
    json["losses"].push_back({{"what", loss.what}, {"count", loss.count}, {"why", loss.why}});
  json["lossless"] = result.Lossless();
  json["round_trip"] = {{"boxes", result.Boxes()},
                        {"largest_difference_px", result.largest_px},
                        {"largest_difference_value", result.largest_value},
                        {"where", result.where.empty() ? Json(nullptr) : Json(result.where)}};
  json["warnings"] = result.warnings;
  json["notes"] = result.notes;
  return DumpJson(json, 2);
}

}  // namespace reidbench
