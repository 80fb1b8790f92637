#include "reidbench/formats/box_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>

#include "reidbench/core/error.h"

namespace reidbench {

ImageSize BoxSequence::SizeOf(int64_t frame) const {
  const auto other = frame_sizes.find(frame);
  return other == frame_sizes.end() ? size : other->second;
}

int32_t BoxTable::Sequence(std::string_view name) {
  for (size_t i = sequences.size(); i-- > 0;) {
    if (sequences[i].name == name) return static_cast<int32_t>(i);
  }
  sequences.emplace_back().name = name;
  return static_cast<int32_t>(sequences.size() - 1);
}

int32_t BoxTable::Class(int32_t number, std::string_view name) {
  if (number < 0 && name.empty()) return kNoClass;
  for (size_t i = 0; i < classes.size(); ++i) {
    if (classes[i].number == number && classes[i].name == name) return static_cast<int32_t>(i);
  }
  classes.push_back({number, std::string(name)});
  return static_cast<int32_t>(classes.size() - 1);
}

ExtraColumn& BoxTable::Extra(std::string_view name) {
  for (ExtraColumn& column : extras) {
    if (column.name == name) return column;
  }
  extras.emplace_back().name = name;
  return extras.back();
}

void BoxTable::SetExtra(std::string_view name, double value) {
  ExtraColumn& column = Extra(name);
  column.values.resize(rows.size(), kNoValue);
  column.values.back() = value;
}

void BoxTable::SetExtra(std::string_view name, std::string_view word) {
  ExtraColumn& column = Extra(name);
  column.values.resize(rows.size(), kNoValue);
  auto found = std::find(column.words.begin(), column.words.end(), word);
  if (found == column.words.end()) found = column.words.emplace(found, word);
  column.values.back() = static_cast<double>(found - column.words.begin());
}

void BoxTable::CountLoss(std::string_view what, int64_t count, std::string_view why) {
  if (count == 0) return;
  for (BoxLoss& loss : losses) {
    if (loss.what == what && loss.why == why) {
      loss.count += count;
      return;
    }
  }
  losses.push_back({std::string(what), count, std::string(why)});
}

void BoxTable::SortByFrame() {
  for (ExtraColumn& column : extras) column.values.resize(rows.size(), kNoValue);
  const auto before = [](const BoxRow& a, const BoxRow& b) {
    return std::tie(a.sequence, a.frame) < std::tie(b.sequence, b.frame);
  };
  if (std::is_sorted(rows.begin(), rows.end(), before)) return;
  if (extras.empty()) {
    std::stable_sort(rows.begin(), rows.end(), before);
    return;
  }
  std::vector<uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return before(rows[a], rows[b]); });
  const auto reorder = [&](auto& values) {
    auto sorted = values;
    for (size_t i = 0; i < order.size(); ++i) sorted[i] = values[order[i]];
    values = std::move(sorted);
  };
  reorder(rows);
  for (ExtraColumn& column : extras) reorder(column.values);
}

void BoxTable::Keep(const std::vector<bool>& keep) {
  const auto shorten = [&](auto& values) {
    size_t to = 0;
    for (size_t i = 0; i < keep.size() && i < values.size(); ++i) {
      if (keep[i]) values[to++] = values[i];
    }
    values.resize(to);
  };
  for (ExtraColumn& column : extras) shorten(column.values);
  shorten(rows);
}

std::vector<size_t> SequenceBegins(const BoxTable& table) {
  std::vector<size_t> begins(table.sequences.size() + 1, 0);
  for (const BoxRow& row : table.rows) ++begins[static_cast<size_t>(row.sequence) + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  return begins;
}

std::vector<int64_t> LastFrames(const BoxTable& table) {
  std::vector<int64_t> last(table.sequences.size(), 0);
  for (const BoxRow& row : table.rows) {
    int64_t& frame = last[static_cast<size_t>(row.sequence)];
    frame = std::max<int64_t>(frame, row.frame);
  }
  return last;
}

namespace {

// What tells the rows of one frame apart, with the smallest differences last.
struct RowOrder {
  const BoxTable& table;
  const std::vector<int32_t>& sequence_rank;

  auto Key(uint32_t index) const {
    const BoxRow& row = table.rows[index];
    const BoxClass* box_class =
        row.box_class == kNoClass ? nullptr : &table.classes[static_cast<size_t>(row.box_class)];
    return std::tuple(
        sequence_rank[static_cast<size_t>(row.sequence)], row.frame, row.track_id,
        box_class == nullptr ? -1 : box_class->number,
        box_class == nullptr ? std::string_view() : std::string_view(box_class->name));
  }
  bool operator()(uint32_t a, uint32_t b) const {
    const auto key_a = Key(a), key_b = Key(b);
    if (key_a != key_b) return key_a < key_b;
    return a < b;
  }
};

std::vector<uint32_t> OrderedRows(const BoxTable& table, const std::vector<int32_t>& rank) {
  std::vector<uint32_t> order(table.rows.size());
  std::iota(order.begin(), order.end(), 0);
  const RowOrder before{table, rank};
  if (!std::is_sorted(order.begin(), order.end(), before))
    std::sort(order.begin(), order.end(), before);
  return order;
}

std::vector<int32_t> NameRanks(const BoxTable& table) {
  std::vector<int32_t> by_name(table.sequences.size());
  std::iota(by_name.begin(), by_name.end(), 0);
  std::sort(by_name.begin(), by_name.end(), [&](int32_t a, int32_t b) {
    return table.sequences[static_cast<size_t>(a)].name <
           table.sequences[static_cast<size_t>(b)].name;
  });
  std::vector<int32_t> rank(by_name.size());
  for (size_t i = 0; i < by_name.size(); ++i)
    rank[static_cast<size_t>(by_name[i])] = static_cast<int32_t>(i);
  return rank;
}

std::string RowName(const BoxTable& table, const BoxRow& row) {
  const std::string& name = table.sequences[static_cast<size_t>(row.sequence)].name;
  std::string text = fmt::format("sequence {}, frame {}", name, row.frame);
  if (row.track_id != kNoTrack) text += fmt::format(", id {}", row.track_id);
  return text;
}

std::string DescribeSequence(const BoxSequence& sequence) {
  return fmt::format("{} ({} frames, {} x {}, {} frames per second)", sequence.name,
                     sequence.frame_count, sequence.size.width, sequence.size.height,
                     sequence.frame_rate.value_or(0));
}

bool HasAnyValue(const ExtraColumn& column) {
  return std::any_of(column.values.begin(), column.values.end(), HasValue);
}

class TableComparison {
 public:
  TableComparison(const BoxTable& expected, const BoxTable& found)
      : expected_(expected), found_(found) {}

  TableDifference Run() {
    CompareSequences();
    if (difference_.mismatch.empty() && expected_.rows.size() != found_.rows.size()) {
      Mismatch(
          fmt::format("expected {} boxes, found {}", expected_.rows.size(), found_.rows.size()));
    }
    if (!difference_.mismatch.empty()) return difference_;
    const std::vector<uint32_t> a = OrderedRows(expected_, NameRanks(expected_));
    const std::vector<uint32_t> b = OrderedRows(found_, NameRanks(found_));
    difference_.rows = static_cast<int64_t>(a.size());
    for (size_t i = 0; i < a.size() && difference_.mismatch.empty(); ++i)
      CompareRows(expected_.rows[a[i]], found_.rows[b[i]]);
    if (difference_.mismatch.empty()) CompareExtras(a, b);
    return difference_;
  }

 private:
  void Mismatch(std::string text) { difference_.mismatch = std::move(text); }

  void CompareSequences() {
    const auto by_name = [](const BoxTable& table) {
      std::vector<const BoxSequence*> list;
      for (const BoxSequence& sequence : table.sequences) list.push_back(&sequence);
      std::sort(list.begin(), list.end(),
                [](const BoxSequence* a, const BoxSequence* b) { return a->name < b->name; });
      return list;
    };
    const auto a = by_name(expected_), b = by_name(found_);
    if (a.size() != b.size()) {
      return Mismatch(fmt::format("expected {} sequences, found {}", a.size(), b.size()));
    }
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i]->name != b[i]->name || a[i]->frame_count != b[i]->frame_count ||
          !(a[i]->size == b[i]->size) || a[i]->frame_rate != b[i]->frame_rate) {
        return Mismatch(fmt::format("expected sequence {}, found {}", DescribeSequence(*a[i]),
                                    DescribeSequence(*b[i])));
      }
      if (a[i]->frame_sizes != b[i]->frame_sizes)
        return Mismatch(fmt::format("sequence {}: other sizes of its frames", a[i]->name));
      if (a[i]->frame_names != b[i]->frame_names)
        return Mismatch(fmt::format("sequence {}: other names of its frames", a[i]->name));
    }
  }

  const BoxClass& ClassOf(const BoxTable& table, const BoxRow& row) const {
    static const BoxClass none;
    return row.box_class == kNoClass ? none : table.classes[static_cast<size_t>(row.box_class)];
  }

  void CompareRows(const BoxRow& a, const BoxRow& b) {
    const BoxClass &class_a = ClassOf(expected_, a), &class_b = ClassOf(found_, b);
    if (a.frame != b.frame || a.track_id != b.track_id || !(class_a == class_b) ||
        a.mark != b.mark) {
      return Mismatch(
          fmt::format("expected a box of {} (class {} '{}', mark {}), found {} (class "
                      "{} '{}', mark {})",
                      RowName(expected_, a), class_a.number, class_a.name, a.mark,
                      RowName(found_, b), class_b.number, class_b.name, b.mark));
    }
    const std::array<double, 4> box_a = {a.box.left, a.box.top, a.box.width, a.box.height};
    const std::array<double, 4> box_b = {b.box.left, b.box.top, b.box.width, b.box.height};
    for (size_t k = 0; k < 4; ++k) Difference(box_a[k], box_b[k], &difference_.largest_px, a);
    Value("score", a.score, b.score, a);
    Value("visibility", a.visibility, b.visibility, a);
    Value("occlusion", a.occluded, b.occluded, a);
    Value("truncation", a.truncated, b.truncated, a);
  }

  void Difference(double a, double b, double* largest, const BoxRow& row) {
    const double difference = std::abs(a - b);
    if (difference == 0) return;
    if (difference > *largest || !(difference <= std::numeric_limits<double>::max())) {
      *largest = difference;
      difference_.where = RowName(expected_, row);
    }
  }

  void Value(std::string_view what, double a, double b, const BoxRow& row) {
    if (HasValue(a) != HasValue(b)) {
      return Mismatch(fmt::format("{}: expected {} {}, found {}", RowName(expected_, row), what,
                                  HasValue(a) ? fmt::format("{}", a) : "none",
                                  HasValue(b) ? fmt::format("{}", b) : "none"));
    }
    if (HasValue(a)) Difference(a, b, &difference_.largest_value, row);
  }

  void CompareExtras(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
    for (const ExtraColumn& column : expected_.extras) {
      if (!HasAnyValue(column)) continue;
      const auto other =
          std::find_if(found_.extras.begin(), found_.extras.end(),
                       [&](const ExtraColumn& candidate) { return candidate.name == column.name; });
      if (other == found_.extras.end()) return Mismatch("column " + column.name + " is not there");
      for (size_t i = 0; i < a.size() && difference_.mismatch.empty(); ++i) {
        const BoxRow& row = expected_.rows[a[i]];
        const double value_a = a[i] < column.values.size() ? column.values[a[i]] : kNoValue;
        const double value_b = b[i] < other->values.size() ? other->values[b[i]] : kNoValue;
        if (column.words.empty() && other->words.empty()) {
          Value(column.name, value_a, value_b, row);
        } else if (WordAt(column, value_a) != WordAt(*other, value_b)) {
          Mismatch(fmt::format("{}: expected {} '{}', found '{}'", RowName(expected_, row),
                               column.name, WordAt(column, value_a), WordAt(*other, value_b)));
        }
      }
    }
    for (const ExtraColumn& column : found_.extras) {
      const bool known =
          std::any_of(expected_.extras.begin(), expected_.extras.end(),
                      [&](const ExtraColumn& candidate) { return candidate.name == column.name; });
      if (!known && HasAnyValue(column)) return Mismatch("column " + column.name + " is new");
    }
  }

  static std::string WordAt(const ExtraColumn& column, double value) {
    if (!HasValue(value)) return "";
    return column.words.empty() ? fmt::format("{}", value)
                                : column.words[static_cast<size_t>(value)];
  }

  const BoxTable& expected_;
  const BoxTable& found_;
  TableDifference difference_;
};

}  // namespace

TableDifference CompareTables(const BoxTable& expected, const BoxTable& found) {
  return TableComparison(expected, found).Run();
}

}  // namespace reidbench
