#include "reidbench/detection/nms.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace reidbench {
namespace {

// Boxes column by column, so that one box is held against many in vector registers.
class Columns {
 public:
  explicit Columns(bool plus_one) : more_(plus_one ? 1 : 0) {}

  void Add(const ScoredBox& box, size_t index) {
    left_.push_back(box.box.left);
    top_.push_back(box.box.top);
    right_.push_back(box.box.right);
    bottom_.push_back(box.box.bottom);
    area_.push_back(AreaOf(box.box));
    index_.push_back(index);
  }
  size_t size() const { return left_.size(); }
  size_t index(size_t i) const { return index_[i]; }

  // Of the box with each.
  void Overlaps(const CornerBox& box, std::vector<double>* iou) const {
    const size_t n = size();
    iou->resize(n);
    const double area = AreaOf(box);
    double* const to = iou->data();
    for (size_t i = 0; i < n; ++i) {
      const double width = std::min(box.right, right_[i]) - std::max(box.left, left_[i]) + more_;
      const double height = std::min(box.bottom, bottom_[i]) - std::max(box.top, top_[i]) + more_;
      const double both = std::max(width, 0.0) * std::max(height, 0.0);
      const double all = area + area_[i] - both;
      to[i] = both > 0 ? both / all : 0;
    }
  }

 private:
  double AreaOf(const CornerBox& box) const {
    return std::max(box.right - box.left + more_, 0.0) *
           std::max(box.bottom - box.top + more_, 0.0);
  }

  double more_;
  std::vector<double> left_, top_, right_, bottom_, area_;
  std::vector<size_t> index_;
};

std::vector<size_t> BestFirst(std::span<const ScoredBox> boxes) {
  std::vector<size_t> order(boxes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return boxes[a].score > boxes[b].score; });
  return order;
}

// Of one class, or of all where classes do not count.
struct ClassGroup {
  int32_t class_id;
  Columns columns;
};

std::vector<ScoredBox> SuppressHard(std::span<const ScoredBox> boxes, const NmsOptions& options) {
  // Each box is held against those that stay, of which there are few.
  std::vector<ClassGroup> kept;
  std::vector<ScoredBox> out;
  std::vector<double> iou;
  for (const size_t i : BestFirst(boxes)) {
    const int32_t class_id = options.agnostic ? 0 : boxes[i].class_id;
    auto group = std::find_if(kept.begin(), kept.end(),
                              [&](const ClassGroup& g) { return g.class_id == class_id; });
    if (group == kept.end()) {
      kept.push_back({class_id, Columns(options.plus_one)});
      group = kept.end() - 1;
    }
    group->columns.Overlaps(boxes[i].box, &iou);
    if (std::any_of(iou.begin(), iou.end(), [&](double v) { return v > options.iou; })) continue;
    group->columns.Add(boxes[i], i);
    out.push_back(boxes[i]);
  }
  return out;
}

std::vector<ScoredBox> SuppressSoftly(std::span<const ScoredBox> boxes, const NmsOptions& options) {
  std::vector<ScoredBox> left(boxes.begin(), boxes.end());
  std::vector<ScoredBox> out;
  while (!left.empty()) {
    const auto best =
        std::max_element(left.begin(), left.end(),
                         [](const ScoredBox& a, const ScoredBox& b) { return a.score < b.score; });
    const ScoredBox chosen = *best;
    left.erase(best);  // keeps the order of the others, which decides between equal scores
    if (chosen.score < options.least_score) break;
    out.push_back(chosen);
    for (ScoredBox& other : left) {
      if (!options.agnostic && other.class_id != chosen.class_id) continue;
      const double iou = BoxOverlap(chosen.box, other.box, options.plus_one);
      if (options.kind == NmsKind::kGaussian) {
        other.score *= std::exp(-iou * iou / options.sigma);
      } else if (iou > options.iou) {
        other.score *= 1 - iou;
      }
    }
  }
  return out;
}

}  // namespace

double BoxOverlap(const CornerBox& a, const CornerBox& b, bool plus_one) {
  Columns one(plus_one);
  one.Add({b, 0, 0}, 0);
  std::vector<double> iou;
  one.Overlaps(a, &iou);
  return iou.front();
}

std::vector<ScoredBox> SuppressNonMaxima(std::span<const ScoredBox> boxes,
                                         const NmsOptions& options) {
  if (!options.enabled) {
    std::vector<ScoredBox> out;
    for (const size_t i : BestFirst(boxes)) out.push_back(boxes[i]);
    return out;
  }
  return options.kind == NmsKind::kHard ? SuppressHard(boxes, options)
                                        : SuppressSoftly(boxes, options);
}

}  // namespace reidbench
