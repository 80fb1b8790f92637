#include "reidbench/formats/coco_detections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/formats/json_records.h"
#include "reidbench/json/json_text.h"

namespace reidbench {
namespace {

BoxLtwh BoxOfRecord(const JsonRecord& record) {
  constexpr double kLargest = 1e100;  // areas of larger boxes overflow
  const JsonRecord::Field* field = record.Find("bbox");
  if (field == nullptr || field->kind != JsonRecord::Kind::kNumbers || field->numbers.size() != 4)
    record.Fail("bbox", "[left, top, width, height]");
  const std::vector<double>& n = field->numbers;
  for (const double value : n) {
    if (!(std::abs(value) <= kLargest)) record.Fail("bbox", "finite numbers");
  }
  if (n[2] < 0 || n[3] < 0) record.Fail("bbox", "a width and height of 0 or more");
  return {n[0], n[1], n[2], n[3]};
}

int64_t SideOfRecord(const JsonRecord& record, const char* key) {
  return record.Find(key) == nullptr ? 0 : std::max<int64_t>(0, record.Integer(key));
}

template <typename Row>
std::unordered_map<int64_t, int32_t> IndexById(const std::vector<Row>& rows) {
  std::unordered_map<int64_t, int32_t> index;
  for (size_t i = 0; i < rows.size(); ++i) index[rows[i].id] = static_cast<int32_t>(i);
  return index;
}

template <typename Row>
void SortById(std::string_view what, const std::string& source, std::vector<Row>* rows) {
  std::sort(rows->begin(), rows->end(), [](const Row& a, const Row& b) { return a.id < b.id; });
  for (size_t i = 1; i < rows->size(); ++i) {
    if ((*rows)[i].id == (*rows)[i - 1].id)
      ThrowInput("{}: {}: expected each id once, found {} twice", source, what, (*rows)[i].id);
  }
}

// Of a row that is read before the lists it refers to are known.
struct CocoReference {
  int64_t picture = 0;
  int64_t category = 0;
};

}  // namespace

CocoInstances ReadCocoInstances(const std::filesystem::path& file) {
  const std::string source = file.string();
  CocoInstances out;
  std::vector<CocoReference> references;
  int64_t without_area = 0;
  JsonRecords records(source, [&](const std::string& list, const JsonRecord& record) {
    if (list == "images") {
      out.pictures.push_back(
          {record.Integer("id"), SideOfRecord(record, "width"), SideOfRecord(record, "height")});
    } else if (list == "categories") {
      const int64_t id = record.Integer("id");
      out.categories.push_back(
          {id, record.Find("name") != nullptr ? record.Text("name") : fmt::format("{}", id)});
    } else if (list == "annotations") {
      CocoAnnotation row;
      row.box = BoxOfRecord(record);
      row.area = row.box.width * row.box.height;
      if (record.Find("area") != nullptr) {
        row.area = record.Number("area");
      } else {
        ++without_area;
      }
      const JsonRecord::Field* crowd = record.Find("iscrowd");
      row.is_crowd = crowd != nullptr && crowd->number != 0;
      out.annotations.push_back(row);
      references.push_back({record.Integer("image_id"), record.Integer("category_id")});
    }
  });
  StreamJsonFile(file, &records);
  std::vector<std::string> missing;
  for (const char* list : {"images", "categories", "annotations"}) {
    const auto& keys = records.root_keys();
    if (std::find(keys.begin(), keys.end(), list) == keys.end()) missing.emplace_back(list);
  }
  if (!missing.empty()) {
    ThrowInput("{}: expected COCO's ground truth with images, categories and annotations, found {}",
               source,
               records.root_keys().empty() ? "none of them" : "no " + JoinText(missing, ", no "));
  }
  SortById("images", source, &out.pictures);
  SortById("categories", source, &out.categories);
  const auto picture_of = IndexById(out.pictures);
  const auto category_of = IndexById(out.categories);
  for (size_t i = 0; i < references.size(); ++i) {
    const auto picture = picture_of.find(references[i].picture);
    if (picture == picture_of.end()) {
      ThrowInput("{}: annotations[{}].image_id: expected an id of the list of images, found {}",
                 source, i, references[i].picture);
    }
    const auto category = category_of.find(references[i].category);
    if (category == category_of.end()) {
      ThrowInput(
          "{}: annotations[{}].category_id: expected an id of the list of categories, found {}",
          source, i, references[i].category);
    }
    out.annotations[i].picture = picture->second;
    out.annotations[i].category = category->second;
  }
  if (without_area > 0) {
    out.warnings.push_back(
        fmt::format("{}: {} annotations state no area: that of their box was taken", source,
                    WithThousands(without_area)));
  }
  return out;
}

CocoDetections ReadCocoDetections(const std::filesystem::path& file,
                                  const CocoInstances& instances) {
  const std::string source = file.string();
  const auto picture_of = IndexById(instances.pictures);
  const auto category_of = IndexById(instances.categories);
  CocoDetections out;
  int64_t other_categories = 0;
  bool any = false;
  JsonRecords records(source, [&](const std::string& list, const JsonRecord& record) {
    if (!list.empty() && list != "annotations") return;
    any = true;
    CocoDetection row;
    row.box = BoxOfRecord(record);
    row.score = record.Number("score");
    const auto picture = picture_of.find(record.Integer("image_id"));
    if (picture == picture_of.end())
      record.Fail("image_id", "an id of the ground truth's list of images");
    const auto category = category_of.find(record.Integer("category_id"));
    if (category == category_of.end()) {
      ++other_categories;
      return;
    }
    row.picture = picture->second;
    row.category = category->second;
    out.detections.push_back(row);
  });
  StreamJsonFile(file, &records);
  if (!any && !records.root_keys().empty()) {
    const auto& keys = records.root_keys();
    if (std::find(keys.begin(), keys.end(), "annotations") == keys.end()) {
      ThrowInput("{}: expected a list of results {{image_id, category_id, bbox, score}}, found {}",
                 source, JoinText(keys, ", "));
    }
  }
  if (other_categories > 0) {
    out.warnings.push_back(fmt::format(
        "{}: {} results are of categories that the ground truth does not list and were left out",
        source, WithThousands(other_categories)));
  }
  return out;
}

}  // namespace reidbench
