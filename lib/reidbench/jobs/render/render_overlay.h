// What `reidbench render` draws over one frame. Knows nothing of files.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/box.h"
#include "reidbench/imaging/image.h"

namespace reidbench {

// A colour of a palette that people with any colour vision tell apart (Okabe & Ito 2008: eight
// hues, black left out), then the same darker and lighter. RGB. `index` is the place of the person
// among all, from 0; below 0: the grey of who is nobody.
cv::Scalar PersonColour(int index);

enum class Ring { kNone, kSwitch, kRepair };  // red, green

struct DrawnBox {
  BoxLtwh box;        // px of the frame
  int person = -1;    // PersonColour
  std::string label;  // "44 (was 31)"
  Ring ring = Ring::kNone;
  std::vector<cv::Point2d> trail;  // foot points, oldest first, px of the frame
};

struct DrawnPanel {
  std::string caption;
  std::vector<DrawnBox> boxes;
};

// Text as the pictures can show it: OpenCV's fonts are ASCII, other characters become '?'; longer
// than `limit` is cut with "...".
std::string PlainText(std::string_view text, size_t limit);

// Pictures of panels side by side: all have the same size.
class OverlayPainter {
 public:
  // `frame` is what pictures are, in px; `scale` how much larger they are drawn; `panels` 1 or 2.
  OverlayPainter(cv::Size frame, double scale, int panels);

  // Of a finished picture: even, as video wants it.
  cv::Size size() const { return size_; }

  // `frame` (empty: grey with `note`) under every panel, into `image`, whose memory is reused.
  void Paint(const RgbImage& frame, std::string_view note, const std::vector<DrawnPanel>& panels,
             RgbImage* image) const;

 private:
  void PaintAll(const RgbImage& frame, std::string_view note, const std::vector<DrawnPanel>& panels,
                cv::Mat picture) const;
  void PaintPanel(const DrawnPanel& panel, cv::Mat picture) const;

  cv::Size frame_;
  double scale_;
  int panels_;
  cv::Size panel_;  // of one panel's picture
  int caption_;     // height of the bar above, px
  cv::Size size_;
};

}  // namespace reidbench
