#include "curves.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace cli {

namespace {

constexpr double left = 72, top = 48, width = 520, height = 300, below = 56;

// Okabe and Ito's colours, which colour-blind readers tell apart.
constexpr std::array<const char*, 4> colours = {"#0072B2", "#D55E00", "#009E73", "#CC79A7"};

std::string text_at(double x, double y, const char* anchor, const std::string& text,
                    const std::string& more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                     text);
}

std::string line(double x1, double y1, double x2, double y2, const char* colour) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1,
                     y1, x2, y2, colour);
}

// 1, 2 or 5 times a power of ten, so that about five of them span the range.
double tick_of(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 5)));
  for (const double digit : {1.0, 2.0, 5.0})
    if (digit * power * 5 >= range) return digit * power;
  return 10 * power;
}

class Frame {
 public:
  explicit Frame(std::span<const Curve> curves) {
    for (const Curve& curve : curves) {
      for (const CurvePoint& p : curve.points) low_ = std::min(low_, p.y), high_ = std::max(high_, p.y);
    }
    if (high_ <= low_) high_ = low_ + 1;
    tick_ = tick_of(high_ - low_);
    low_ = std::floor(low_ / tick_) * tick_, high_ = std::ceil(high_ / tick_) * tick_;
  }

  double x(double value) const { return left + width * (1 - value); }
  double y(double value) const {
    return top + height * (1 - (std::clamp(value, low_, high_) - low_) / (high_ - low_));
  }

  std::string axes() const {
    std::string svg;
    for (double v = low_; v < high_ + tick_ / 2; v += tick_) {
      svg += line(left, y(v), left + width, y(v), "#DDDDDD");
      svg += text_at(left - 8, y(v) + 4, "end", fmt::format("{:.4g}", std::abs(v) < tick_ / 2 ? 0 : v));
    }
    for (const double v : {1.0, 0.75, 0.5, 0.25, 0.0}) {
      svg += line(x(v), top, x(v), top + height, "#DDDDDD");
      svg += text_at(x(v), top + height + 18, "middle", fmt::format("{:g}", v));
    }
    return svg;
  }

 private:
  double low_ = 0, high_ = 0, tick_ = 0;
};

std::string draw(const Curve& curve, const Frame& frame, const char* colour) {
  std::string band, path;
  for (const CurvePoint& p : curve.points) {
    path += fmt::format("{:.1f},{:.1f} ", frame.x(p.x), frame.y(p.y));
    band += fmt::format("{:.1f},{:.1f} ", frame.x(p.x), frame.y(p.high));
  }
  for (auto p = curve.points.rbegin(); p != curve.points.rend(); ++p)
    band += fmt::format("{:.1f},{:.1f} ", frame.x(p->x), frame.y(p->low));
  return fmt::format(
      "<polygon points=\"{0}\" fill=\"{2}\" fill-opacity=\"0.15\"/>\n"
      "<polyline points=\"{1}\" fill=\"none\" stroke=\"{2}\" stroke-width=\"2\"/>\n",
      band, path, colour);
}

}  // namespace

std::string draw_curves(const std::string& title, const std::string& x_label, const std::string& y_label,
                        std::span<const Curve> curves) {
  const Frame frame(curves);
  std::string svg = frame.axes();
  for (size_t i = 0; i < curves.size(); ++i) {
    const char* colour = colours[i % colours.size()];
    const double y = top + 16 + 18 * static_cast<double>(i);
    svg += draw(curves[i], frame, colour);
    svg += fmt::format("<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"14\" height=\"4\" fill=\"{}\"/>\n", left + 12,
                       y - 6, colour);
    svg += text_at(left + 32, y, "start", curves[i].label);
  }
  svg += text_at(left, 24, "start", title, " font-size=\"15\" font-weight=\"bold\"");
  svg += text_at(left + width / 2, top + height + 42, "middle", x_label);
  svg += text_at(18, top + height / 2, "middle", y_label,
                 fmt::format(" transform=\"rotate(-90 18 {:.0f})\"", top + height / 2));
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{2}</svg>\n",
      left + width + 32, top + height + below, svg);
}

}  // namespace cli
