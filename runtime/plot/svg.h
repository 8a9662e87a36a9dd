// Svg: builds one picture as text. Coordinates in pixels, y downwards.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace kcc::runtime {

using Points = std::vector<std::pair<double, double>>;

class Svg {
 public:
  Svg(double width, double height);

  // `style`: attributes, such as "stroke=\"#888\"".
  void line(double x1, double y1, double x2, double y2, const char* style);
  void polyline(const Points& points, const char* style);
  void circle(double x, double y, double radius, const char* style);
  void text(double x, double y, const std::string& words, const char* style);

  std::string finish() &&;

 private:
  std::string text_;
};

// For XML: what would be markup as entities, and nothing that no XML may hold.
std::string xml_escaped(const std::string& text);

}  // namespace kcc::runtime
