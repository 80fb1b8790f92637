// Online trackers over arrays.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "binding.h"
#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench::python {
namespace {

constexpr int kDetectionColumns = 6;  // x1, y1, x2, y2, confidence, class
constexpr int kTrackColumns = 8;      // x1, y1, x2, y2, id, confidence, class, detection

// One sequence: frames in order. Trackers hand the class of a track's last detection on and look at
// it no further, so in its place they get the detection's number in the sequence.
class SequenceTracker {
 public:
  SequenceTracker(const std::string& name, const std::string& options) : name_(name) {
    const TrackerMethod& method = TrackerByName(name);
    const ConfigNode root = ParseConfig(options, "options of " + name);
    ConfigReader reader(root);
    const TrackerFactory make = method.read(&reader);
    reader.Finish();
    needs_ = method.needs;
    tracker_ = make();
  }

  const std::string& name() const { return name_; }
  int64_t frame() const { return frame_; }

  Doubles Update(const Doubles& dets, const std::optional<Floats>& features,
                 const std::optional<Doubles>& affine) {
    REIDBENCH_CHECK(dets.ndim() == 2 && dets.shape(1) == kDetectionColumns);
    const auto count = static_cast<int64_t>(dets.shape(0));
    if (features && !needs_.TakesEmbeddings())
      ThrowInput("features: expected None, because {} does not look at embeddings", name_);
    if (affine && !needs_.TakesAffines())
      ThrowInput("affine: expected None, because {} does not look at the camera's motion", name_);
    if (!features && needs_.embeddings && count > 0) {
      ThrowInput("features: expected an embedding of every detection, which {} needs, found None",
                 name_);
    }
    // A second thread is refused instead of waited for: frames of one sequence have an order.
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock())
      ThrowInput("update: expected one thread at a time, found another one inside this tracker");
    Take(dets);
    FrameInput input;
    input.frame = FrameIndex(++frame_);
    input.detections = detections_;
    if (features && count > 0) input.embeddings = ViewOfArray(*features);
    if (affine) {
      input.affine.emplace();
      std::copy_n(affine->data(), input.affine->size(), input.affine->begin());
    }
    std::span<const TrackBox> boxes;
    {
      const py::gil_scoped_release without_lock;
      boxes = tracker_->Step(input);
    }
    return RowsOf(boxes, dets);
  }

 private:
  void Take(const Doubles& dets) {
    const auto count = static_cast<int64_t>(dets.shape(0));
    // Starts again before numbers end: tracks older than that have forgotten their detection.
    if (first_number_ + previous_count_ > std::numeric_limits<int32_t>::max() - count)
      first_number_ = previous_count_ = 0;
    first_number_ += previous_count_;
    previous_count_ = count;
    detections_.resize(static_cast<size_t>(count));
    for (int64_t d = 0; d < count; ++d) {
      const double* row = dets.data() + d * kDetectionColumns;
      TrackBox& box = detections_[static_cast<size_t>(d)];
      box.box = {row[0], row[1], row[2] - row[0], row[3] - row[1]};
      box.confidence = row[4];
      box.class_id = static_cast<int32_t>(first_number_ + d);
    }
  }

  Doubles RowsOf(std::span<const TrackBox> boxes, const Doubles& dets) {
    Doubles rows({static_cast<py::ssize_t>(boxes.size()), py::ssize_t{kTrackColumns}});
    double* out = rows.mutable_data();
    for (const TrackBox& box : boxes) {
      const int64_t d = box.class_id - first_number_;
      const bool seen = d >= 0 && d < previous_count_;
      if (seen) class_of_[box.id.value] = dets.data()[d * kDetectionColumns + 5];
      out[0] = box.box.left;
      out[1] = box.box.top;
      out[2] = box.box.left + box.box.width;
      out[3] = box.box.top + box.box.height;
      out[4] = static_cast<double>(box.id.value);
      out[5] = box.confidence;
      out[6] = class_of_[box.id.value];
      out[7] = seen ? static_cast<double>(d) : -1;
      out += kTrackColumns;
    }
    return rows;
  }

  std::string name_;
  MethodNeeds needs_;
  std::unique_ptr<Tracker> tracker_;
  std::mutex mutex_;
  int64_t frame_ = 0;
  int64_t first_number_ = 0;    // of this frame's detections
  int64_t previous_count_ = 0;  // of them
  std::vector<TrackBox> detections_;
  std::unordered_map<int64_t, double> class_of_;  // by identity: that of the last detection
};

py::list ListTrackers() {
  py::list list;
  for (const TrackerMethod& method : Trackers()) {
    py::dict entry, options;
    for (const OptionInfo& option : method.describe(nullptr)) {
      py::dict info;
      info["default"] = option.value;
      info["expected"] = option.expected;
      info["help"] = option.help;
      options[py::str(option.key)] = info;
    }
    entry["name"] = method.name;
    entry["summary"] = method.summary;
    entry["needs_features"] = method.needs.embeddings;
    entry["takes_features"] = method.needs.TakesEmbeddings();
    entry["takes_affine"] = method.needs.TakesAffines();
    entry["options"] = options;
    list.append(entry);
  }
  return list;
}

}  // namespace

void BindTrackers(py::module_* module) {
  py::class_<SequenceTracker>(*module, "Tracker")
      .def(py::init<const std::string&, const std::string&>(), py::arg("name"), py::arg("options"))
      .def_property_readonly("name", &SequenceTracker::name)
      .def_property_readonly("frame", &SequenceTracker::frame)
      .def("update", &SequenceTracker::Update, py::arg("dets").noconvert(),
           py::arg("features").noconvert(), py::arg("affine").noconvert());
  module->def("trackers", ListTrackers);
}

}  // namespace reidbench::python
