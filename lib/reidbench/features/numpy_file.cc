#include "reidbench/features/numpy_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/weights/numpy_array.h"
#include "reidbench/weights/zip_archive.h"

namespace reidbench {
namespace {

constexpr int kMotColumns = 10;  // frame, id, left, top, width, height, score, and three of -1

std::string Stem(const std::string& name) { return std::filesystem::path(name).stem().string(); }

class Columns final : public ColumnSource {
 public:
  explicit Columns(const std::map<std::string, NumpyArray>& arrays) : arrays_(arrays) {}
  std::string Name(std::string_view column) const override {
    return fmt::format("array {}", column);
  }
  bool Has(const char* column) const override { return arrays_.contains(column); }
  bool IsText(const char* column) const override { return arrays_.at(column).is_text(); }
  std::vector<int64_t> Integers(const char* column, uint64_t rows) const override {
    const NumpyArray& array = Of(column, rows);
    std::vector<int64_t> values(rows);
    for (uint64_t i = 0; i < rows; ++i) values[i] = array.Integer(i);
    return values;
  }
  std::vector<std::string> Strings(const char* column, uint64_t rows) const override {
    const NumpyArray& array = Of(column, rows);
    if (!array.is_text()) ThrowInput("{}: {}, expected text", array.where(), array.type());
    std::vector<std::string> values(rows);
    for (uint64_t i = 0; i < rows; ++i) values[i] = array.Text(i);
    return values;
  }
  std::vector<double> Doubles(const char* column, uint64_t rows, uint64_t columns) const override {
    const NumpyArray& array = Of(column, rows * columns);
    if (array.shape().size() != 2 || array.shape()[1] != columns) {
      ThrowInput("{}: shape {}, expected [{}, {}]", array.where(), array.ShapeText(), rows,
                 columns);
    }
    std::vector<double> values;
    for (uint64_t row = 0; row < rows; ++row) {
      for (uint64_t column_index = 0; column_index < columns; ++column_index) {
        const uint64_t i = array.Index(row, column_index);
        values.push_back(array.is_float() ? array.Float(i) : static_cast<double>(array.Integer(i)));
        if (!std::isfinite(values.back()))
          ThrowInput("{}: row {}: not a finite number", array.where(), row);
      }
    }
    return values;
  }

 private:
  // A column of [n], [n, 1] or [1, n]: scipy and numpy make all three.
  const NumpyArray& Of(const char* column, uint64_t elements) const {
    const NumpyArray& array = arrays_.at(column);
    if (array.elements() != elements) {
      ThrowInput("{}: shape {}, expected {} entries as features has rows", array.where(),
                 array.ShapeText(), elements);
    }
    return array;
  }

  const std::map<std::string, NumpyArray>& arrays_;
};

NumpyArray OpenArray(std::span<const uint8_t> bytes, const std::string& where) {
  NumpyArray array(bytes, where);
  if (array.is_objects()) {
    ThrowInput(
        "{}: Python objects, not numbers; in Python:\n"
        "  import numpy\n"
        "  saved = numpy.load('{}', allow_pickle=True).item()  # only files of people you trust\n"
        "  numpy.savez('features.npz', features=saved['features'], person_id=saved['person_id'],\n"
        "              camera_id=saved['camera_id'], split=saved['split'])  # with your names",
        where, where.substr(0, where.find(": array ")));
  }
  return array;
}

// deep_sort keeps a detection's ten columns before its embedding.
bool IsDeepSortForm(const NumpyArray& array) {
  if (array.shape()[1] <= kMotColumns || array.shape()[0] == 0) return false;
  for (uint64_t row = 0; row < array.shape()[0]; ++row) {
    const double frame = array.Float(array.Index(row, 0));
    const double id = array.Float(array.Index(row, 1));
    if (!(frame >= 1) || frame != std::floor(frame) || id != std::floor(id)) return false;
    for (uint64_t column = 7; column < kMotColumns; ++column) {
      if (array.Float(array.Index(row, column)) != -1) return false;
    }
  }
  return true;
}

}  // namespace

struct NumpyFeatures::Impl {
  std::string name;
  std::vector<uint8_t> bytes;
  std::map<std::string, std::vector<uint8_t>> unpacked;
  std::map<std::string, NumpyArray> arrays;
  const NumpyArray* features = nullptr;
  uint64_t first_column = 0;
  FeatureContent content;
  std::string how_to_label;

  void OpenArchive();
  void FindFeatures();
  void TakeMotColumns();
};

void NumpyFeatures::Impl::OpenArchive() {
  const ZipArchive archive(bytes, name);
  OutputBudget budget(bytes.size(), name);
  for (const ZipMember& member : archive.members()) {
    if (!EndsWith(member.name, ".npy")) continue;
    const std::string key = member.name.substr(0, member.name.size() - 4);
    arrays.emplace(key, OpenArray(archive.Read(member, unpacked[key], budget),
                                  fmt::format("{}: array {}", name, Printable(key))));
  }
  if (arrays.empty()) {
    if (archive.Find("archive/data.pkl") != nullptr ||
        std::any_of(archive.members().begin(), archive.members().end(),
                    [](const ZipMember& m) { return EndsWith(m.name, "/data.pkl"); })) {
      ThrowInput(
          "{}: a torch file, expected HDF5, .npy or .npz; convert it in Python:\n"
          "  import numpy, torch\n"
          "  saved = torch.load('{}', map_location='cpu')  # only files of people you trust\n"
          "  numpy.savez('{}.npz', features=saved['features'].numpy(), "
          "person_id=saved['person_id'],\n"
          "              camera_id=saved['camera_id'], split=saved['split'])  # with your names",
          name, name, Stem(name));
    }
    ThrowInput("{}: a zip archive without numpy arrays, expected HDF5, .npy or .npz", name);
  }
}

void NumpyFeatures::Impl::FindFeatures() {
  if (const auto found = arrays.find("features"); found != arrays.end()) features = &found->second;
  if (features == nullptr && arrays.size() == 1) features = &arrays.begin()->second;
  if (features == nullptr) {
    std::vector<std::string> names;
    for (const auto& [key, array] : arrays) names.push_back(Printable(key));
    ThrowInput("{}: no array 'features' (it holds {})", name, JoinText(names, ", "));
  }
  if (!features->is_float())
    ThrowInput("{}: {}, expected float32 or float16", features->where(), features->type());
  if (features->shape().size() != 2) {
    ThrowInput("{}: shape {}, expected [rows, dimensions]", features->where(),
               features->ShapeText());
  }
  if (IsDeepSortForm(*features)) TakeMotColumns();
  const uint64_t dim = features->shape()[1] - first_column;
  if (dim < 1 || dim > static_cast<uint64_t>(kMaxFeatureDim)) {
    ThrowInput("{}: {} dimensions a row, expected 1 to {}", features->where(), dim, kMaxFeatureDim);
  }
  content.rows = static_cast<int64_t>(features->shape()[0]);
  content.dim = static_cast<int>(dim);
}

void NumpyFeatures::Impl::TakeMotColumns() {
  first_column = kMotColumns;
  FeatureLabels& labels = content.labels;
  for (uint64_t row = 0; row < features->shape()[0]; ++row) {
    const auto value = [&](uint64_t column) {
      return features->Float(features->Index(row, column));
    };
    labels.frame.emplace_back(static_cast<int64_t>(value(0)));
    labels.track_id.emplace_back(static_cast<int64_t>(value(1)));
    labels.box_ltwh.push_back({value(2), value(3), value(4), value(5)});
    const BoxLtwh& box = labels.box_ltwh.back();
    if (!std::isfinite(box.left + box.top + box.width + box.height))
      ThrowInput("{}: row {}: its box is not finite", features->where(), row);
  }
}

NumpyFeatures::NumpyFeatures(std::vector<uint8_t> bytes, const std::string& name)
    : impl_(std::make_unique<Impl>()) {
  impl_->name = name;
  impl_->bytes = std::move(bytes);
  const bool single = !impl_->bytes.empty() && impl_->bytes[0] == 0x93;
  if (single) {
    impl_->arrays.emplace("features", OpenArray(impl_->bytes, name));
  } else {
    impl_->OpenArchive();
  }
  impl_->FindFeatures();
  if (impl_->first_column == 0) LoadLabels(Columns(impl_->arrays), name, false, &impl_->content);
  impl_->how_to_label = fmt::format(
      "save the labels beside the features, in Python:\n"
      "  import numpy\n"
      "  features = numpy.load('{}'){}\n"
      "  numpy.savez('{}.npz', features=features,  # [rows, dimensions]; then one entry a row:\n"
      "              person_id=person_id, camera_id=camera_id, split=split)  # to rank; split: "
      "'query', 'gallery', ...\n"
      "              # frame=, track_id=, box_ltwh= [rows, 4] to track and to correct tracks",
      name, single ? "" : "['features']", single ? Stem(name) : Stem(name) + "_labelled");
}

NumpyFeatures::~NumpyFeatures() = default;

FeatureContent& NumpyFeatures::content() { return impl_->content; }
const std::string& NumpyFeatures::how_to_label() const { return impl_->how_to_label; }

void NumpyFeatures::ReadRows(int64_t begin, int64_t count, float* out) const {
  const NumpyArray& features = *impl_->features;
  for (int64_t row = begin; row < begin + count; ++row) {
    for (uint64_t column = impl_->first_column; column < features.shape()[1]; ++column) {
      *out++ =
          static_cast<float>(features.Float(features.Index(static_cast<uint64_t>(row), column)));
    }
  }
}

std::string DescribeForeignFeatures(std::span<const uint8_t> head, const std::string& name) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (StartsWith(text, "MATLAB ")) {
    const bool is_hdf5 = StartsWith(text, "MATLAB 7.3");
    return fmt::format(
        "a MATLAB file, expected HDF5, .npy or .npz; convert it in Python (the names are those of "
        "layumi's pytorch_result.mat):\n"
        "  import numpy, {}\n"
        "  m = {}('{}')\n"
        "  numpy.savez('{}.npz', features=numpy.vstack([m['query_f'], m['gallery_f']]),\n"
        "              person_id=numpy.append(m['query_label'], m['gallery_label']),\n"
        "              camera_id=numpy.append(m['query_cam'], m['gallery_cam']),\n"
        "              split=numpy.repeat(['query', 'gallery'], [len(m['query_f']), "
        "len(m['gallery_f'])]))",
        is_hdf5 ? "mat73" : "scipy.io", is_hdf5 ? "mat73.loadmat" : "scipy.io.loadmat", name,
        Stem(name));
  }
  if (head.size() > 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5) {
    return fmt::format(
        "a Python pickle, expected HDF5, .npy or .npz; convert it in Python:\n"
        "  import numpy, pickle\n"
        "  saved = pickle.load(open('{}', 'rb'))  # only files of people you trust\n"
        "  numpy.savez('{}.npz', features=saved['features'], person_id=saved['person_id'],\n"
        "              camera_id=saved['camera_id'], split=saved['split'])  # with your names",
        name, Stem(name));
  }
  return "";
}

}  // namespace reidbench
