#include "runtime/plot/svg.h"

#include "runtime/format.h"

namespace kcc::runtime {

Svg::Svg(double width, double height)
    : text_(format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" viewBox=\"0 0 %g %g\" "
                   "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#222\">\n"
                   "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
                   width, height, width, height)) {}

void Svg::line(double x1, double y1, double x2, double y2, const char* style) {
  text_ += format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2, style);
}

void Svg::polyline(const Points& points, const char* style) {
  text_ += "<polyline points=\"";
  for (const auto& [x, y] : points) text_ += format("%s%.1f,%.1f", text_.back() == '"' ? "" : " ", x, y);
  text_ += format("\" fill=\"none\" stroke-linejoin=\"round\" %s/>\n", style);
}

void Svg::circle(double x, double y, double radius, const char* style) {
  text_ += format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%g\" %s/>\n", x, y, radius, style);
}

void Svg::text(double x, double y, const std::string& words, const char* style) {
  text_ += format("<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", x, y, style, xml_escaped(words).c_str());
}

std::string Svg::finish() && {
  return std::move(text_) + "</svg>\n";
}

std::string xml_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

}  // namespace kcc::runtime
