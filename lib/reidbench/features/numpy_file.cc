#include "reidbench/features/numpy_file.h"

#include <fmt/ranges.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/weights/zip_archive.h"

namespace reidbench {
namespace {

constexpr std::string_view kNpyMagic = "\x93NUMPY";
constexpr int kMotColumns = 10;  // frame, id, left, top, width, height, score, and three of -1
constexpr uint64_t kMaxElements = uint64_t{1} << 48;

std::string Stem(const std::string& name) { return std::filesystem::path(name).stem().string(); }

// The value of a key of the header, a Python dict written by numpy.
std::string_view HeaderValue(std::string_view header, std::string_view key) {
  const size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) return {};
  std::string_view value = Trim(header.substr(at + key.size() + 3));
  const char close = value.empty() ? '\0' : value.front() == '(' ? ')' : ',';
  if (!value.empty() && value.front() == '\'') return value.substr(1, value.find('\'', 1) - 1);
  return Trim(value.substr(0, value.find(close)));
}

// One array, its elements as they lie in the file.
class Array {
 public:
  Array() = default;
  Array(std::span<const uint8_t> bytes, std::string where) : where_(std::move(where)) {
    if (bytes.size() < 12 ||
        !std::equal(kNpyMagic.begin(), kNpyMagic.end(), bytes.begin(),
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; })) {
      Damaged("no numpy array");
    }
    const int version = bytes[6];
    if (version < 1 || version > 3) Damaged(fmt::format("format version {}", version));
    uint64_t header_bytes = bytes[8] + 256u * bytes[9];
    size_t begin = 10;
    if (version >= 2) {
      header_bytes += (uint64_t{bytes[10]} << 16) + (uint64_t{bytes[11]} << 24);
      begin = 12;
    }
    if (header_bytes > bytes.size() - begin) Damaged("its header is cut short");
    const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + begin,
                                  header_bytes);
    type_ = HeaderValue(header, "descr");
    fortran_ = HeaderValue(header, "fortran_order") == "True";
    const std::string_view shape = HeaderValue(header, "shape");
    if (type_ == "|O") {
      ThrowInput(
          "{}: Python objects, not numbers; in Python:\n"
          "  import numpy\n"
          "  saved = numpy.load('{}', allow_pickle=True).item()  # only files of people you trust\n"
          "  numpy.savez('features.npz', features=saved['features'], "
          "person_id=saved['person_id'],\n"
          "              camera_id=saved['camera_id'], split=saved['split'])  # with your names",
          where_, where_.substr(0, where_.find(": array ")));
    }
    if (type_.size() < 3 || shape.empty() || shape.front() != '(')
      ThrowInput("{}: an array of type {}, expected numbers or text", where_, header);
    const auto size = ParseInt(std::string_view(type_).substr(2));
    if (!size || *size < 0 || *size > (1 << 20))
      ThrowInput("{}: an array of type {}, expected numbers or text", where_, type_);
    size_ = static_cast<size_t>(*size) * (kind() == 'U' ? 4 : 1);
    uint64_t elements = 1;
    for (const std::string_view part : SplitText(shape.substr(1), ',')) {
      if (Trim(part).empty()) continue;
      const auto extent = ParseInt(Trim(part));
      if (!extent || *extent < 0 ||
          (*extent > 0 && elements > kMaxElements / static_cast<uint64_t>(*extent))) {
        Damaged("its shape is no shape");
      }
      shape_.push_back(static_cast<uint64_t>(*extent));
      elements *= shape_.back();
    }
    data_ = bytes.subspan(begin + header_bytes);
    if (size_ > 0 ? elements > data_.size() / size_ : elements > kMaxElements) {
      ThrowInput("{}: shape {} of {} do not fit into {} bytes: the file is truncated", where_,
                 ShapeText(), type_, data_.size());
    }
    elements_ = elements;
  }

  const std::vector<uint64_t>& shape() const { return shape_; }
  const std::string& type() const { return type_; }
  const std::string& where() const { return where_; }
  char kind() const { return type_[1]; }
  bool is_float() const { return kind() == 'f' && (size_ == 2 || size_ == 4 || size_ == 8); }
  bool is_text() const { return kind() == 'U' || kind() == 'S'; }
  uint64_t elements() const { return elements_; }
  std::string ShapeText() const { return fmt::format("[{}]", fmt::join(shape_, ", ")); }

  // Of a matrix; which of the two runs fastest is the file's choice.
  uint64_t Index(uint64_t row, uint64_t column) const {
    return fortran_ ? column * shape_[0] + row : row * shape_[1] + column;
  }

  double Float(uint64_t i) const {
    if (size_ == 2) {
      return static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(Load<uint16_t>(i)));
    }
    return size_ == 4 ? static_cast<double>(std::bit_cast<float>(Load<uint32_t>(i)))
                      : std::bit_cast<double>(Load<uint64_t>(i));
  }

  int64_t Integer(uint64_t i) const {
    if (is_float()) {
      const double value = Float(i);
      if (!(std::abs(value) <= 9e15) || value != std::floor(value))
        ThrowInput("{}: entry {}: {}, expected a whole number", where_, i, value);
      return static_cast<int64_t>(value);
    }
    if (kind() != 'i' && kind() != 'u' && kind() != 'b')
      ThrowInput("{}: {}, expected integers", where_, type_);
    switch (size_) {
      case 1:
        return kind() == 'i' ? Load<int8_t>(i) : Load<uint8_t>(i);
      case 2:
        return kind() == 'i' ? Load<int16_t>(i) : Load<uint16_t>(i);
      case 4:
        return kind() == 'i' ? int64_t{Load<int32_t>(i)} : int64_t{Load<uint32_t>(i)};
      case 8:
        if (kind() == 'u' && Load<int64_t>(i) < 0)
          ThrowInput("{}: entry {}: above 2^63, expected 64-bit signed integers", where_, i);
        return Load<int64_t>(i);
      default:
        ThrowInput("{}: {}, expected integers", where_, type_);
    }
  }

  std::string Text(uint64_t i) const {
    std::string text;
    if (kind() == 'S') {
      for (size_t c = 0; c < size_; ++c) text += static_cast<char>(data_[i * size_ + c]);
    } else {
      const uint64_t length = size_ / 4;
      for (uint64_t c = 0; c < length; ++c) AppendUtf8(Load<uint32_t>(i * length + c, 4), &text);
    }
    return text.substr(0, text.find('\0'));
  }

 private:
  template <typename T>
  T Load(uint64_t i, size_t) const {
    T value;
    std::memcpy(&value, data_.data() + i * sizeof(T), sizeof(T));
    if (type_[0] == '>') {
      auto* bytes = reinterpret_cast<uint8_t*>(&value);
      std::reverse(bytes, bytes + sizeof(T));
    }
    return value;
  }
  template <typename T>
  T Load(uint64_t i) const {
    return Load<T>(i, sizeof(T));
  }

  void AppendUtf8(uint32_t code, std::string* text) const {
    if (code > 0x10FFFF) Damaged("its text is no text");
    if (code < 0x80) {
      *text += static_cast<char>(code);
      return;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    constexpr std::array<uint32_t, 4> kLead = {0, 0xC0, 0xE0, 0xF0};
    *text += static_cast<char>(kLead[static_cast<size_t>(more)] | code >> (6 * more));
    for (int i = more - 1; i >= 0; --i) *text += static_cast<char>(0x80 | (code >> (6 * i) & 0x3F));
  }

  [[noreturn]] void Damaged(const std::string& what) const {
    ThrowInput("{}: damaged numpy file: {}", where_, what);
  }

  std::string where_;
  std::string type_;  // "<f4": byte order, kind, bytes (of 'U' characters)
  size_t size_ = 0;   // bytes of an element
  bool fortran_ = false;
  std::vector<uint64_t> shape_;
  uint64_t elements_ = 0;
  std::span<const uint8_t> data_;
};

class Columns final : public ColumnSource {
 public:
  explicit Columns(const std::map<std::string, Array>& arrays) : arrays_(arrays) {}
  std::string Name(std::string_view column) const override {
    return fmt::format("array {}", column);
  }
  bool Has(const char* column) const override { return arrays_.contains(column); }
  bool IsText(const char* column) const override { return arrays_.at(column).is_text(); }
  std::vector<int64_t> Integers(const char* column, uint64_t rows) const override {
    const Array& array = Of(column, rows);
    std::vector<int64_t> values(rows);
    for (uint64_t i = 0; i < rows; ++i) values[i] = array.Integer(i);
    return values;
  }
  std::vector<std::string> Strings(const char* column, uint64_t rows) const override {
    const Array& array = Of(column, rows);
    if (!array.is_text()) ThrowInput("{}: {}, expected text", array.where(), array.type());
    std::vector<std::string> values(rows);
    for (uint64_t i = 0; i < rows; ++i) values[i] = array.Text(i);
    return values;
  }
  std::vector<double> Doubles(const char* column, uint64_t rows, uint64_t columns) const override {
    const Array& array = Of(column, rows * columns);
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
  const Array& Of(const char* column, uint64_t elements) const {
    const Array& array = arrays_.at(column);
    if (array.elements() != elements) {
      ThrowInput("{}: shape {}, expected {} entries as features has rows", array.where(),
                 array.ShapeText(), elements);
    }
    return array;
  }

  const std::map<std::string, Array>& arrays_;
};

// deep_sort keeps a detection's ten columns before its embedding.
bool IsDeepSortForm(const Array& array) {
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
  std::map<std::string, Array> arrays;
  const Array* features = nullptr;
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
    arrays.emplace(key, Array(archive.Read(member, unpacked[key], budget),
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
    impl_->arrays.emplace("features", Array(impl_->bytes, name));
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
  const Array& features = *impl_->features;
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
