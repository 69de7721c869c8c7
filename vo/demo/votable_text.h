// SPDX-License-Identifier: MIT
//
// Writes VOTable 1.4 as the demo's services answer it, row by row: TABLEDATA, BINARY or BINARY2. A second
// implementation on purpose: the reader that is tested against it shares nothing with it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace skymount::demo {

struct Field {
  std::string name;
  std::string datatype = "char";  ///< char, unicodeChar (arraysize *), int, long, double or boolean
  std::string unit, ucd, utype, xtype, id, description;
};

/// Null, integer (and boolean), real, text in UTF-8.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
using Row = std::vector<Cell>;

enum class Serialization { tabledata, binary, binary2 };

struct Info {
  std::string name, value, text;
};

/// Null integers are -1 and declared so.
class VotableOut {
 public:
  using Sink = std::function<bool(std::string_view)>;

  VotableOut(Sink sink, Serialization serialization) : sink_(std::move(sink)), serialization_(serialization) {}

  /// Everything before the first row: the results RESOURCE with its INFOs, the FIELDs.
  void begin(const std::vector<Field>& fields, const std::vector<Info>& infos);
  /// False: nobody listens any more.
  bool row(const Row& cells);
  /// `infos` follow the table, `resources` the results RESOURCE.
  void end(const std::vector<Info>& infos, std::string_view resources = {});

 private:
  bool put(std::string_view text);
  void flush_base64(bool last);

  Sink sink_;
  Serialization serialization_;
  std::vector<Field> fields_;
  std::string text_;   ///< not yet handed to the sink
  std::string bytes_;  ///< binary rows, not yet in base64
  bool listening_ = true;
};

std::string xml_escaped(std::string_view text);
std::string info_element(const Info& info);
/// A whole document that reports a failure (IVOA DALI 1.1, section 4.2).
std::string error_votable(std::string_view message);
std::string base64(std::string_view bytes);
/// The shortest decimal text of a double; NaN and the infinities as VOTable spells them.
std::string number_text(double value);
std::string cell_text(const Cell& cell);

}  // namespace skymount::demo
