#include "runtime/plot/history_svg.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/format.h"
#include "runtime/plot/axis.h"
#include "runtime/plot/svg.h"

namespace kcc::runtime {
namespace {

// Dark against light and solid against dashed: told apart without colours, too.
constexpr const char* kTraining = "stroke=\"#1f4e79\" stroke-width=\"1.6\"";
constexpr const char* kValidation = "stroke=\"#d9812e\" stroke-width=\"1.6\" stroke-dasharray=\"6 3\"";
constexpr const char* kTrainingDot = "fill=\"#1f4e79\"";
constexpr const char* kValidationDot = "fill=\"#d9812e\"";
constexpr const char* kFrame = "stroke=\"#555\" stroke-width=\"1\"";
constexpr const char* kGrid = "stroke=\"#e4e4e4\" stroke-width=\"1\"";
constexpr const char* kBest = "stroke=\"#777\" stroke-width=\"1\" stroke-dasharray=\"1 3\"";
constexpr const char* kTrainingRing = "fill=\"#1f4e79\" stroke=\"#222\" stroke-width=\"1.2\"";
constexpr const char* kValidationRing = "fill=\"#d9812e\" stroke=\"#222\" stroke-width=\"1.2\"";

constexpr double kMargin = 24, kHeader = 64;                        // of the page
constexpr double kPanelWidth = 400, kPanelHeight = 250;             // with what is written around it
constexpr double kLeft = 58, kRight = 14, kTop = 28, kBottom = 42;  // around a panel's frame
constexpr int kTicks = 5;

struct Point {
  double epoch, value;
};
using Curve = std::vector<Point>;

struct Panel {
  std::string name;
  Curve training, validation;  // empty: none
};

Curve curve_of(const History& history, const std::string& name) {
  Curve curve;
  for (const History::Epoch& epoch : history.epochs()) {
    for (const auto& [key, value] : epoch.logs) {
      if (key == name) curve.push_back({static_cast<double>(epoch.number + 1), value});
    }
  }
  return curve;
}

// The loss first, then what belongs to it, then the metrics.
std::vector<Panel> panels_of(const History& history) {
  std::vector<std::string> names;
  for (const History::Epoch& epoch : history.epochs()) {
    for (const auto& [key, value] : epoch.logs) {
      const std::string name = key.starts_with("val_") ? key.substr(4) : key;
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  const auto rank = [](const std::string& name) { return name == "loss" ? 0 : name.ends_with("_loss") ? 1 : 2; };
  std::stable_sort(names.begin(), names.end(), [&](auto& a, auto& b) { return rank(a) < rank(b); });
  std::vector<Panel> panels;
  for (const std::string& name : names)
    panels.push_back({name, curve_of(history, name), curve_of(history, "val_" + name)});
  return panels;
}

// 0 where no epoch has a finite loss.
double best_epoch(const Panel& loss) {
  double best = std::numeric_limits<double>::infinity(), epoch = 0;
  for (const Point& point : loss.validation.empty() ? loss.training : loss.validation) {
    if (point.value < best) {
      best = point.value;
      epoch = point.epoch;
    }
  }
  return epoch;
}

struct Extent {
  double low = std::numeric_limits<double>::infinity(), high = -low, last = 0;
  int64_t missing = 0;  // values that are not finite
  bool empty() const { return low > high; }
};

Extent extent_of(const Panel& panel) {
  Extent extent;
  for (const Curve* curve : {&panel.validation, &panel.training}) {
    for (const Point& point : *curve) {
      if (!std::isfinite(point.value)) {
        ++extent.missing;
        continue;
      }
      extent.low = std::min(extent.low, point.value);
      extent.high = std::max(extent.high, point.value);
      extent.last = point.value;
    }
  }
  return extent;
}

// Where a curve falls over decades, or leaps over many, a linear axis would show a corner and nothing else.
bool wants_log(const Extent& extent) {
  return extent.low > 0 && (extent.high >= 50 * extent.last || extent.high >= 1e4 * extent.low);
}

class PanelDrawing {
 public:
  PanelDrawing(Svg& svg, double x, double y, const Axis& epochs)
      : svg_(svg),
        left_(x + kLeft),
        right_(x + kPanelWidth - kRight),
        top_(y + kTop),
        bottom_(y + kPanelHeight - kBottom),
        epochs_(epochs) {}

  void draw(const Panel& panel, double best) {
    const Extent extent = extent_of(panel);
    values_ = extent.empty()      ? Axis{0, 1, false, {}}
              : wants_log(extent) ? log_axis(extent.low, extent.high, kTicks)
                                  : linear_axis(extent.low, extent.high, kTicks);
    title(panel, extent, best);
    grid();
    if (best > 0) svg_.line(x(best), top_, x(best), bottom_, kBest);
    curve(panel.training, kTraining, kTrainingDot);
    curve(panel.validation, kValidation, kValidationDot);
    if (const Point* point = marked(panel, best)) {
      svg_.circle(x(point->epoch), y(point->value), 4, panel.validation.empty() ? kTrainingRing : kValidationRing);
    }
    frame();
  }

 private:
  double x(double epoch) const { return left_ + (right_ - left_) * epochs_.place(epoch); }
  double y(double value) const { return bottom_ - (bottom_ - top_) * values_.place(value); }

  static const Point* marked(const Panel& panel, double best) {
    for (const Point& point : panel.validation.empty() ? panel.training : panel.validation) {
      if (point.epoch == best && std::isfinite(point.value)) return &point;
    }
    return nullptr;
  }

  void title(const Panel& panel, const Extent& extent, double best) {
    constexpr size_t kLongName = 24;  // characters that leave room for the note
    svg_.text(left_, top_ - 10, panel.name, "font-weight=\"bold\" font-size=\"13\"");
    if (const Point* point = marked(panel, best)) {
      std::string note = format("%.4g", point->value);
      if (panel.name.size() <= kLongName) note += format(" at epoch %.0f", best);
      svg_.text(right_, top_ - 10, note, "text-anchor=\"end\"");
    }
    std::vector<std::string> remarks;
    if (values_.logarithmic) remarks.push_back("log scale");
    if (extent.missing > 0) remarks.push_back(format("%ld values not finite", extent.missing));
    svg_.text(right_, bottom_ + 33, join(remarks, ", "), "text-anchor=\"end\" font-size=\"11\" fill=\"#666\"");
  }

  void grid() {
    for (const Tick& tick : values_.ticks) {
      svg_.line(left_, y(tick.value), right_, y(tick.value), kGrid);
      svg_.text(left_ - 7, y(tick.value) + 4, tick.label, "text-anchor=\"end\" font-size=\"11\"");
    }
    for (const Tick& tick : epochs_.ticks) {
      svg_.line(x(tick.value), bottom_, x(tick.value), bottom_ + 4, kFrame);
      svg_.text(x(tick.value), bottom_ + 17, tick.label, "text-anchor=\"middle\" font-size=\"11\"");
    }
    svg_.text((left_ + right_) / 2, bottom_ + 33, "epoch", "text-anchor=\"middle\"");
  }

  void frame() {
    svg_.line(left_, top_, left_, bottom_, kFrame);
    svg_.line(left_, bottom_, right_, bottom_, kFrame);
  }

  // Broken where a value is not finite; a point without neighbours is a dot.
  void curve(const Curve& points, const char* line, const char* dot) {
    Points run;
    const auto end_run = [&] {
      if (run.size() == 1) svg_.circle(run[0].first, run[0].second, 2.5, dot);
      if (run.size() > 1) svg_.polyline(run, line);
      run.clear();
    };
    for (const Point& point : points) {
      if (std::isfinite(point.value))
        run.emplace_back(x(point.epoch), y(point.value));
      else
        end_run();
    }
    end_run();
  }

  Svg& svg_;
  double left_, right_, top_, bottom_;
  const Axis& epochs_;
  Axis values_{};
};

void legend(Svg& svg, double right, double y) {
  svg.line(right - 190, y - 4, right - 164, y - 4, kTraining);
  svg.text(right - 158, y, "training", "");
  svg.line(right - 96, y - 4, right - 70, y - 4, kValidation);
  svg.text(right - 64, y, "validation", "");
}

std::string subtitle(const History& history, double best, bool validated) {
  const size_t epochs = history.epochs().size();
  std::string text = format("%zu epoch%s", epochs, epochs == 1 ? "" : "s");
  if (best > 0) text += format(", best epoch %.0f (lowest %s)", best, validated ? "val_loss" : "loss");
  return text;
}

}  // namespace

std::string history_svg(const History& history, const std::string& title) {
  const std::vector<Panel> panels = panels_of(history);
  const int64_t count = static_cast<int64_t>(panels.size());
  const int64_t columns = count > 1 ? 2 : 1, rows = (count + columns - 1) / columns;
  const double width = 2 * kMargin + static_cast<double>(columns) * kPanelWidth;
  Svg svg(width, kHeader + kMargin / 2 + static_cast<double>(rows) * kPanelHeight);
  const double left = kMargin + kLeft, right = width - kMargin - kRight;
  svg.text(left, 32, title, "font-size=\"17\" font-weight=\"bold\"");
  if (panels.empty()) {
    svg.text(left, 52, "no epochs", "");
    return std::move(svg).finish();
  }

  const bool validated = std::any_of(panels.begin(), panels.end(), [](auto& p) { return !p.validation.empty(); });
  const double best = panels[0].name == "loss" ? best_epoch(panels[0]) : 0;
  svg.text(left, 52, subtitle(history, best, !panels[0].validation.empty()), "");
  if (validated) legend(svg, right, 32);
  const Axis epochs = counting_axis(static_cast<double>(history.epochs().front().number + 1),
                                    static_cast<double>(history.epochs().back().number + 1), kTicks);
  for (int64_t i = 0; i < count; ++i) {
    const double x = kMargin + static_cast<double>(i % columns) * kPanelWidth;
    const double y = kHeader + static_cast<double>(i / columns) * kPanelHeight;
    PanelDrawing(svg, x, y, epochs).draw(panels[static_cast<size_t>(i)], best);
  }
  return std::move(svg).finish();
}

}  // namespace kcc::runtime
