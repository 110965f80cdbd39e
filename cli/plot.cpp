#include "plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>

#include <fmt/format.h>

#include "eval_summary.h"

namespace cli {

namespace {

constexpr double panel_width = 300, panel_height = 300, left = 64, top = 48, gap = 64, below = 56;
constexpr double legend_line = 18;

// Okabe and Ito's colours, which colour-blind readers tell apart.
constexpr std::array<const char*, 9> colours = {"#000000", "#E69F00", "#0072B2", "#009E73", "#D55E00",
                                                "#CC79A7", "#56B4E9", "#B3A800", "#7F7F7F"};

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else {
      result += c;
    }
  }
  return result;
}

std::string text_at(double x, double y, const std::string& anchor, const std::string& text,
                    const std::string& more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                     escaped(text));
}

std::string line(double x1, double y1, double x2, double y2, const std::string& style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1, x2, y2,
                     style);
}

// A regular polygon; a circle for no corners. `turn` in parts of a whole turn. Shapes come again hollow.
std::string marker(double x, double y, size_t shape, const std::string& colour) {
  struct Shape {
    int corners;
    double turn;
  };
  constexpr std::array<Shape, 6> shapes = {{{0, 0}, {4, 0.125}, {3, 0.75}, {4, 0}, {3, 0.25}, {6, 0}}};
  const Shape s = shapes[shape % shapes.size()];
  constexpr double radius = 5.5;
  const std::string style = fmt::format("fill=\"{0}\" fill-opacity=\"{1}\" stroke=\"{0}\"", colour,
                                        shape / shapes.size() % 2 == 0 ? 0.8 : 0.0);
  if (s.corners == 0) return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" {}/>\n", x, y, style);
  std::string points;
  for (int i = 0; i < s.corners; ++i) {
    const double angle = 2 * std::numbers::pi * (s.turn + static_cast<double>(i) / s.corners);
    points += fmt::format("{:.1f},{:.1f} ", x + radius * std::cos(angle), y + radius * std::sin(angle));
  }
  return fmt::format("<polygon points=\"{}\" {}/>\n", points, style);
}

// How each series looks: a colour for its group, and a shape for its place among those of the colour.
class Looks {
 public:
  explicit Looks(std::span<const PlotSeries> series) {
    std::map<std::string, size_t> colour_of;
    std::array<size_t, colours.size()> used = {};
    for (const PlotSeries& s : series) {
      const size_t colour = colour_of.emplace(s.group, colour_of.size()).first->second % colours.size();
      looks_.push_back({colours[colour], used[colour]++});
    }
  }

  std::string colour(size_t series) const { return looks_[series].colour; }
  std::string at(size_t series, double x, double y) const {
    return marker(x, y, looks_[series].shape, looks_[series].colour);
  }

 private:
  struct Look {
    std::string colour;
    size_t shape;
  };
  std::vector<Look> looks_;
};

// 1, 2 and 5 times powers of ten that cover the points, at least two.
std::vector<double> ticks_of(std::span<const PlotPoint> points) {
  const auto [least, most] = std::minmax_element(
      points.begin(), points.end(), [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
  std::vector<double> ticks;
  for (int power = static_cast<int>(std::floor(std::log10(least->x)));
       ticks.empty() || ticks.back() < most->x; ++power) {
    for (const int digit : {1, 2, 5}) {
      const double tick = digit * std::pow(10.0, power);
      if (ticks.size() == 1 && tick <= least->x) ticks.clear();
      if (ticks.size() < 2 || ticks.back() < most->x) ticks.push_back(tick);
    }
  }
  return ticks;
}

// "0.2", "500 M".
std::string tick_text(double tick) {
  if (tick < 1000) return fmt::format("{:g}", tick);
  const std::string text = short_number(tick);
  return fmt::format("{:g}{}", std::stod(text), text.substr(text.find(' ')));
}

class Panel {
 public:
  Panel(const PlotPanel& panel, const Looks& looks, double x)
      : panel_(panel), looks_(looks), left_(x), ticks_(ticks_of(panel.points)) {}

  std::string draw() const { return axes() + front() + points(); }

 private:
  double x_of(double value) const {
    const double first = std::log(ticks_.front()), last = std::log(ticks_.back());
    return left_ + panel_width * (std::log(value) - first) / (last - first);
  }
  static double y_of(double share) { return top + panel_height * (1 - share); }

  std::string axes() const {
    std::string svg;
    const std::string grid = "stroke=\"#DDDDDD\"", axis = "stroke=\"#333333\"";
    for (int percent = 0; percent <= 100; percent += 20) {
      const double y = y_of(percent / 100.0);
      svg += line(left_, y, left_ + panel_width, y, percent == 0 ? axis : grid);
      svg += text_at(left_ - 8, y + 4, "end", fmt::format("{}%", percent));
    }
    double free_from = 0;  // labels that would touch are left out
    for (const double tick : ticks_) {
      const double x = x_of(tick);
      svg += line(x, top, x, top + panel_height, tick == ticks_.front() ? axis : grid);
      if (x < free_from) continue;
      svg += text_at(x, top + panel_height + 18, "middle", tick_text(tick));
      free_from = x + 46;
    }
    return svg + text_at(left_ + panel_width / 2, top + panel_height + 40, "middle", panel_.x_label);
  }

  // From left to right, each point that is higher than all before it.
  std::string front() const {
    std::vector<PlotPoint> sorted = panel_.points;
    std::sort(sorted.begin(), sorted.end(),
              [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x || (a.x == b.x && a.y > b.y); });
    std::string path;
    double best = -1;
    for (const PlotPoint& p : sorted) {
      if (p.y <= best) continue;
      best = p.y;
      path += fmt::format("{:.1f},{:.1f} ", x_of(p.x), y_of(p.y));
    }
    return fmt::format(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#999999\" stroke-dasharray=\"5 4\"/>\n", path);
  }

  std::string points() const {
    std::string bars, markers;
    for (size_t i = 0; i < panel_.points.size(); ++i) {
      const PlotPoint& p = panel_.points[i];
      bars += line(x_of(p.x), y_of(p.low), x_of(p.x), y_of(p.high),
                   fmt::format("stroke=\"{}\" stroke-opacity=\"0.35\"", looks_.colour(i)));
      markers += looks_.at(i, x_of(p.x), y_of(p.y));
    }
    return bars + markers;
  }

  const PlotPanel& panel_;
  const Looks& looks_;
  double left_;
  std::vector<double> ticks_;
};

// Below the panels, in as many columns as there are panels.
std::string legend(std::span<const PlotSeries> series, const Looks& looks, size_t lines) {
  std::string svg;
  for (size_t i = 0; i < series.size(); ++i) {
    const double x = left + (panel_width + gap) * static_cast<double>(i / lines);
    const double y = top + panel_height + below + 8 + legend_line * static_cast<double>(i % lines);
    svg += looks.at(i, x, y) + text_at(x + 14, y + 4, "start", series[i].label);
  }
  return svg;
}

}  // namespace

std::string draw_plot(const std::string& title, const std::string& y_label,
                      std::span<const PlotSeries> series, std::span<const PlotPanel> panels) {
  const Looks looks(series);
  double x = left;
  std::string svg;
  for (const PlotPanel& panel : panels) {
    svg += Panel(panel, looks, x).draw();
    x += panel_width + gap;
  }
  const size_t lines = (series.size() + panels.size() - 1) / panels.size();
  const double height = top + panel_height + below + legend_line * static_cast<double>(lines) + 16;
  const double middle = top + panel_height / 2;
  svg += text_at(16, middle, "middle", y_label, fmt::format(" transform=\"rotate(-90 16 {:.1f})\"", middle));
  svg += text_at(left, 24, "start", title, " font-size=\"15\" font-weight=\"bold\"");
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{2}</svg>\n",
      x, height, svg + legend(series, looks, lines));
}

}  // namespace cli
