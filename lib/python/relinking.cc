// Re-ID correction of finished tracks.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "binding.h"
#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "reidbench/relinking/corrections.h"
#include "reidbench/relinking/relink.h"
#include "rows.h"

namespace reidbench::python {
namespace {

py::dict DecisionDict(const RelinkDecision& decision) {
  py::dict dict, gates;
  dict["kind"] = DecisionKindName(decision.kind);
  dict["accepted"] = decision.accepted;
  dict["step"] = decision.step;
  dict["track_before"] = decision.track_before.value;
  dict["track_after"] = decision.track_after.value;
  dict["frame_before"] = decision.frame_before;
  dict["frame_after"] = decision.frame_after;
  dict["gap_s"] = decision.gap_s;
  dict["appearance_distance"] = OrNone(decision.appearance_distance);
  dict["log_likelihood_ratio"] = decision.log_likelihood_ratio;
  dict["threshold"] = decision.threshold;
  dict["runner_up"] = OrNone(decision.runner_up);
  dict["reason"] = decision.reason;
  for (const auto& [name, value] : decision.gates) gates[py::str(name)] = value;
  dict["gates"] = gates;
  return dict;
}

// `embedding_row`: of each row of `tracks` its row in `features`, or -1.
py::dict RelinkRows(const Doubles& tracks, const Floats& features, const Integers& embedding_row,
                    const std::string& method, const std::string& options, double frame_rate,
                    int image_width, int image_height) {
  const RowView view = ViewOfRows(tracks);
  const FeatureView given = ViewOfArray(features);
  RelinkInput input;
  input.embedding_row.assign(embedding_row.data(), embedding_row.data() + embedding_row.size());
  input.frame_rate = frame_rate;
  input.image_width = image_width;
  input.image_height = image_height;
  const RelinkResult result = Interruptible([&] {
    const ConfigNode root = ParseConfig(options, "options of " + method);
    ConfigReader reader(root);
    const CorrectionRun run = CorrectionByName(method).read(&reader);
    reader.Finish();
    MotReadOptions read;
    read.has_classes = false;  // of any class
    const MotFile file = ParseRows(view, "tracks, row", read);
    FeatureMatrix embeddings(given.rows(), given.cols());
    std::copy_n(given.data(), embeddings.size(), embeddings.data());
    input.tracks = &file.tracks;
    input.embeddings = &embeddings;
    return run(input);
  });
  py::dict dict;
  const std::vector<TrackBox>& boxes = result.tracks.boxes;
  py::array_t<int64_t> ids(static_cast<py::ssize_t>(boxes.size()));
  std::transform(boxes.begin(), boxes.end(), ids.mutable_data(),
                 [](const TrackBox& box) { return box.id.value; });
  py::list decisions;
  for (const RelinkDecision& decision : result.decisions) decisions.append(DecisionDict(decision));
  dict["ids"] = ids;
  dict["decisions"] = decisions;
  dict["appearance_usable"] = result.calibration.appearance_usable;
  dict["note"] = result.calibration.note;
  return dict;
}

}  // namespace

void BindRelinking(py::module_* module) {
  const auto array = [](const char* name) { return py::arg(name).noconvert(); };
  module->def("relink", RelinkRows, array("tracks"), array("features"), array("embedding_row"),
              py::arg("method"), py::arg("options"), py::arg("frame_rate"), py::arg("image_width"),
              py::arg("image_height"));
  module->def("corrections", [] { return MethodNames(Corrections()); });
}

}  // namespace reidbench::python
