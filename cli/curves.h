// Curves over a time between 0 and 1 as SVG.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace cli {

struct CurvePoint {
  double x, y, low, high;  // a band goes from low to high
};

struct Curve {
  std::string label;
  std::vector<CurvePoint> points;  // at least one, x ascending between 0 and 1
};

// The horizontal axis runs from 1 on the left to 0 on the right, the vertical one from 0, or the lowest
// point.
std::string draw_curves(const std::string& title, const std::string& x_label, const std::string& y_label,
                        std::span<const Curve> curves);

}  // namespace cli
