// MOT text and feature files, read and written.
#include "reidbench/core/files.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "binding.h"
#include "reidbench/core/error.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/features/feature_store.h"
#include "rows.h"

namespace reidbench::python {
namespace {

// (rows, warnings)
py::tuple ReadMot(const std::string& path, const std::string& kind, bool has_classes) {
  MotReadOptions options;
  options.kind = kind == "gt"       ? MotFileKind::kGroundTruth
                 : kind == "tracks" ? MotFileKind::kResult
                                    : MotFileKind::kDetections;
  if (kind != "gt" && kind != "tracks" && kind != "detections")
    ThrowUnknownWord("kind", kind, "'gt', 'tracks' or 'detections'");
  options.has_classes = has_classes;
  options.result_classes.clear();
  const MotFile file = Interruptible([&] { return ReadMotFile(path, options); });
  return py::make_tuple(ArrayOfBoxes(file.tracks.boxes), DecodedTexts(file.warnings));
}

void WriteMot(const std::string& path, const Doubles& rows, bool overwrite) {
  const RowView view = ViewOfRows(rows);
  RunInterruptible([&] {
    MotReadOptions options;
    options.has_classes = false;  // they are not written
    const MotFile file = ParseRows(view, "tracks, row", options);
    RequireWritable(path, overwrite);
    WriteFileAtomically(path, FormatMotResult(file.tracks));
  });
}

template <typename IdType>
py::object NumbersOf(const std::vector<IdType>& ids) {
  if (ids.empty()) return py::none();
  py::array_t<int64_t> values(static_cast<py::ssize_t>(ids.size()));
  std::transform(ids.begin(), ids.end(), values.mutable_data(),
                 [](const IdType& id) { return id.value; });
  return values;
}

py::dict ProvenanceDict(const FeatureProvenance& provenance) {
  py::dict dict;
  dict["weights_sha256"] = DecodedText(provenance.weights_sha256);
  dict["weights_file"] = DecodedText(provenance.weights_file);
  dict["architecture"] = DecodedText(provenance.architecture);
  dict["preprocessing"] = DecodedText(provenance.preprocessing);
  dict["engine"] = DecodedText(provenance.engine);
  dict["precision"] = DecodedText(provenance.precision);
  dict["normalized"] = provenance.normalized;
  dict["dataset"] = DecodedText(provenance.dataset);
  dict["dataset_fingerprint"] = DecodedText(provenance.dataset_fingerprint);
  dict["reidbench_version"] = DecodedText(provenance.reidbench_version);
  return dict;
}

py::dict ReadFeatures(const std::string& path) {
  const auto file = Interruptible([&] { return std::make_unique<FeatureFile>(path); });
  py::array_t<float> features(
      {static_cast<py::ssize_t>(file->rows()), static_cast<py::ssize_t>(file->dim())});
  float* out = features.mutable_data();
  RunInterruptible([&] {
    std::vector<int64_t> rows(static_cast<size_t>(file->rows()));
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
    file->ReadRows(rows, out);
  });
  const FeatureLabels& labels = file->labels();
  py::dict dict;
  dict["features"] = features;
  dict["person_id"] = NumbersOf(labels.person_id);
  dict["camera_id"] = NumbersOf(labels.camera_id);
  py::object split = py::none();
  if (!labels.split.empty()) {
    py::list names;
    for (const Split part : labels.split) names.append(std::string(SplitName(part)));
    split = names;
  }
  dict["split"] = split;
  dict["path"] = labels.path.empty() ? py::object(py::none()) : DecodedTexts(labels.path);
  dict["frame"] = NumbersOf(labels.frame);
  dict["track_id"] = NumbersOf(labels.track_id);
  py::object boxes = py::none();
  if (!labels.box_ltwh.empty()) {
    Doubles rows({static_cast<py::ssize_t>(labels.box_ltwh.size()), py::ssize_t{4}});
    double* at = rows.mutable_data();
    for (const BoxLtwh& box : labels.box_ltwh) {
      *at++ = box.left;
      *at++ = box.top;
      *at++ = box.width;
      *at++ = box.height;
    }
    boxes = rows;
  }
  dict["box_ltwh"] = boxes;
  dict["provenance"] = ProvenanceDict(file->provenance());
  dict["skipped"] = DecodedTexts(file->skipped());
  return dict;
}

template <typename IdType>
std::vector<IdType> TakeIds(const std::optional<Integers>& values) {
  std::vector<IdType> ids;
  if (!values) return ids;
  for (py::ssize_t i = 0; i < values->size(); ++i) ids.emplace_back(values->data()[i]);
  return ids;
}

void WriteFeatures(const std::string& path, const Floats& features,
                   const std::optional<Integers>& person_id,
                   const std::optional<Integers>& camera_id, const std::vector<std::string>& split,
                   const std::vector<std::string>& paths, const std::optional<Integers>& frame,
                   const std::optional<Integers>& track_id, const std::optional<Doubles>& box_ltwh,
                   const std::map<std::string, std::string>& provenance, bool normalized, bool half,
                   bool overwrite) {
  FeatureLabels labels;
  labels.person_id = TakeIds<PersonId>(person_id);
  labels.camera_id = TakeIds<CameraId>(camera_id);
  for (const std::string& name : split) {
    labels.split.push_back(
        ChoiceOf("split", name, ParseSplit(name), "'train', 'val', 'query', 'gallery' or 'none'"));
  }
  labels.path = paths;
  labels.frame = TakeIds<FrameIndex>(frame);
  labels.track_id = TakeIds<TrackId>(track_id);
  if (box_ltwh) {
    for (py::ssize_t i = 0; i < box_ltwh->shape(0); ++i) {
      const double* box = box_ltwh->data() + 4 * i;
      labels.box_ltwh.push_back({box[0], box[1], box[2], box[3]});
    }
  }
  FeatureProvenance from;
  from.normalized = normalized;
  const std::map<std::string, std::string*> fields = {
      {"weights_sha256", &from.weights_sha256},
      {"weights_file", &from.weights_file},
      {"architecture", &from.architecture},
      {"preprocessing", &from.preprocessing},
      {"engine", &from.engine},
      {"precision", &from.precision},
      {"dataset", &from.dataset},
      {"dataset_fingerprint", &from.dataset_fingerprint},
      {"reidbench_version", &from.reidbench_version}};
  for (const auto& [key, value] : provenance) {
    const auto field = fields.find(key);
    if (field == fields.end())
      ThrowUnknownWord("provenance", key, "fields that read_features gives");
    *field->second = value;
  }
  const FeatureView view = ViewOfArray(features);
  RunInterruptible([&] {
    RequireWritable(path, overwrite);
    FeatureFileWriter writer(path, static_cast<int>(view.cols()), labels, from, {},
                             half ? FeatureType::kFloat16 : FeatureType::kFloat32);
    writer.Append({view.data(), static_cast<size_t>(view.rows() * view.cols())});
    writer.Finish();
  });
}

}  // namespace

void BindFiles(py::module_* module) {
  const auto array = [](const char* name) { return py::arg(name).noconvert(); };
  module->def("read_mot", ReadMot, py::arg("path"), py::arg("kind"), py::arg("has_classes"));
  module->def("write_mot", WriteMot, py::arg("path"), array("rows"), py::arg("overwrite"));
  module->def("read_features", ReadFeatures, py::arg("path"));
  module->def("write_features", WriteFeatures, py::arg("path"), array("features"),
              array("person_id"), array("camera_id"), py::arg("split"), py::arg("paths"),
              array("frame"), array("track_id"), array("box_ltwh"), py::arg("provenance"),
              py::arg("normalized"), py::arg("half"), py::arg("overwrite"));
}

}  // namespace reidbench::python
