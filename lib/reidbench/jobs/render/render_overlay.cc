#include "reidbench/jobs/render/render_overlay.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/imaging/opencv_memory.h"

namespace reidbench {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kFontScale = 0.5;
constexpr int kGap = 4;  // px between two panels
const cv::Scalar kRed(220, 38, 38), kGreen(30, 170, 70), kBar(32, 32, 32), kWhite(255, 255, 255),
    kBlack(0, 0, 0), kGrey(150, 150, 150);

// Text on a ground of its own, with its lower left corner there or as near as the picture allows.
void PutLabel(cv::Mat picture, const std::string& text, cv::Point at, const cv::Scalar& ground) {
  int baseline = 0;
  const cv::Size size = cv::getTextSize(text, kFont, kFontScale, 1, &baseline);
  at.x = std::max(0, std::min(at.x, picture.cols - size.width - 4));
  at.y = std::max(size.height + 6, std::min(at.y, picture.rows));
  cv::rectangle(picture, cv::Rect(at.x, at.y - size.height - 6, size.width + 4, size.height + 6),
                ground, cv::FILLED);
  // The darker of the grounds want white letters (weights of ITU-R BT.601).
  const double light = 0.299 * ground[0] + 0.587 * ground[1] + 0.114 * ground[2];
  cv::putText(picture, text, {at.x + 2, at.y - 3}, kFont, kFontScale, light < 140 ? kWhite : kBlack,
              1, cv::LINE_AA);
}

}  // namespace

cv::Scalar PersonColour(int index) {
  if (index < 0) return kGrey;
  static const std::array<cv::Scalar, 7> kHues = {
      cv::Scalar(230, 159, 0),    // orange
      cv::Scalar(86, 180, 233),   // sky blue
      cv::Scalar(0, 158, 115),    // bluish green
      cv::Scalar(240, 228, 66),   // yellow
      cv::Scalar(0, 114, 178),    // blue
      cv::Scalar(213, 94, 0),     // vermilion
      cv::Scalar(204, 121, 167),  // reddish purple
  };
  const cv::Scalar hue = kHues[index % kHues.size()];
  switch (index / kHues.size() % 3) {
    case 1:
      return hue * 0.6;
    case 2:
      return hue * 0.5 + cv::Scalar(127, 127, 127);
    default:
      return hue;
  }
}

std::string PlainText(std::string_view text, size_t limit) {
  std::string plain;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 && byte < 0xc0) continue;  // the rest of a UTF-8 character
    plain += byte >= 0x20 && byte < 0x7f ? c : '?';
  }
  if (plain.size() > limit) {
    plain.resize(limit < 3 ? 0 : limit - 3);
    plain += "...";
  }
  return plain;
}

OverlayPainter::OverlayPainter(cv::Size frame, double scale, int panels)
    : frame_(frame), scale_(scale), panels_(panels) {
  panel_.width = std::max(2, static_cast<int>(std::lround(frame.width * scale)));
  panel_.height = std::max(2, static_cast<int>(std::lround(frame.height * scale)));
  caption_ = 26;
  size_.width = panels * panel_.width + (panels - 1) * kGap;
  size_.height = panel_.height + caption_;
  size_.width += size_.width % 2;
  size_.height += size_.height % 2;
}

void OverlayPainter::PaintPanel(const DrawnPanel& panel, cv::Mat picture) const {
  const auto to_picture = [this](double x, double y) {
    // OpenCV takes int: what is far outside stays outside.
    const auto place = [this](double v) {
      return static_cast<int>(std::lround(std::clamp(v * scale_, -16000.0, 16000.0)));
    };
    return cv::Point(place(x), place(y));
  };
  for (const DrawnBox& drawn : panel.boxes) {
    const cv::Scalar colour = PersonColour(drawn.person);
    for (size_t i = 1; i < drawn.trail.size(); ++i) {
      cv::line(picture, to_picture(drawn.trail[i - 1].x, drawn.trail[i - 1].y),
               to_picture(drawn.trail[i].x, drawn.trail[i].y), colour, 2, cv::LINE_AA);
    }
  }
  for (const DrawnBox& drawn : panel.boxes) {
    const cv::Point a = to_picture(drawn.box.left, drawn.box.top);
    const cv::Point b =
        to_picture(drawn.box.left + drawn.box.width, drawn.box.top + drawn.box.height);
    cv::rectangle(picture, a, b, PersonColour(drawn.person), 2);
  }
  // Labels and rings over all boxes, so that none is hidden.
  for (const DrawnBox& drawn : panel.boxes) {
    const cv::Point a = to_picture(drawn.box.left, drawn.box.top);
    PutLabel(picture, PlainText(drawn.label, 40), {a.x - 1, a.y}, PersonColour(drawn.person));
  }
  for (const DrawnBox& drawn : panel.boxes) {
    if (drawn.ring == Ring::kNone) continue;
    const cv::Point a = to_picture(drawn.box.left, drawn.box.top);
    const cv::Point b =
        to_picture(drawn.box.left + drawn.box.width, drawn.box.top + drawn.box.height);
    const cv::Point middle((a.x + b.x) / 2, (a.y + b.y) / 2);
    // An ellipse through the corners of a box has sqrt(2) times its half sides; a little more.
    const cv::Size axes(std::min(16000, static_cast<int>(0.75 * (b.x - a.x)) + 6),
                        std::min(16000, static_cast<int>(0.75 * (b.y - a.y)) + 6));
    cv::ellipse(picture, middle, axes, 0, 0, 360, kWhite, 6, cv::LINE_AA);
    cv::ellipse(picture, middle, axes, 0, 0, 360, drawn.ring == Ring::kSwitch ? kRed : kGreen, 4,
                cv::LINE_AA);
    PutLabel(picture, PlainText(drawn.label, 40), {a.x - 1, a.y},
             drawn.ring == Ring::kSwitch ? kRed : kGreen);
  }
}

void OverlayPainter::Paint(const RgbImage& frame, std::string_view note,
                           const std::vector<DrawnPanel>& panels, RgbImage* image) const {
  REIDBENCH_CHECK(static_cast<int>(panels.size()) == panels_);
  image->width = size_.width;
  image->height = size_.height;
  image->pixels.resize(size_t{3} * size_.width * size_.height);
  const cv::Mat picture(size_, CV_8UC3, image->pixels.data());
  WithOpencvMemory([&] { PaintAll(frame, note, panels, picture); });
}

void OverlayPainter::PaintAll(const RgbImage& frame, std::string_view note,
                              const std::vector<DrawnPanel>& panels, cv::Mat picture) const {
  picture.setTo(kBar);
  // OpenCV only reads what this points to.
  const cv::Mat shown(frame.height, frame.width, CV_8UC3,
                      const_cast<uint8_t*>(frame.pixels.data()));
  for (int p = 0; p < panels_; ++p) {
    cv::Mat own =
        picture(cv::Rect(p * (panel_.width + kGap), caption_, panel_.width, panel_.height));
    if (shown.empty()) {
      own.setTo(cv::Scalar(110, 110, 110));
      cv::putText(own, PlainText(note, 60), {10, own.rows / 2}, kFont, kFontScale, kWhite, 1,
                  cv::LINE_AA);
    } else if (shown.size() == panel_) {
      shown.copyTo(own);
    } else {
      cv::resize(shown, own, panel_, 0, 0, scale_ < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    }
    PaintPanel(panels[p], own);
    // About 9 px a letter.
    cv::putText(picture(cv::Rect(p * (panel_.width + kGap), 0, panel_.width, caption_)),
                PlainText(panels[p].caption, std::max(4, panel_.width / 9)), {6, 18}, kFont,
                kFontScale, kWhite, 1, cv::LINE_AA);
  }
}

}  // namespace reidbench
