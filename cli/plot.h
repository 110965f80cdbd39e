// Scatter plots as SVG.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace cli {

// The same series, in the same order, are in every panel of a plot.
struct PlotPoint {
  double x, y, low, high;  // x > 0; the bar through the point goes from low to high
};

struct PlotPanel {
  std::string x_label;            // of a logarithmic axis
  std::vector<PlotPoint> points;  // one per series
};

struct PlotSeries {
  std::string group;  // series of a group share a colour
  std::string label;  // in the legend
};

// `y_label` is that of all panels, an axis from 0 to 1 in percent. A dashed line in every panel joins the
// points that no other beats in both. Text is escaped.
std::string draw_plot(const std::string& title, const std::string& y_label,
                      std::span<const PlotSeries> series, std::span<const PlotPanel> panels);

}  // namespace cli
