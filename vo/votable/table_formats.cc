// SPDX-License-Identifier: MIT
//
// CSV and VOTable come from vo/votable/writer, a piece at a time: what stands before and behind the rows is that of a
// table without rows.
#include "vo/votable/table_formats.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace skymount::vo {
namespace {

Table without_rows(const Table& table) {
  Table out;
  out.meta = table.meta;
  return out;
}

class Csv final : public TableFormat {
 public:
  std::string head(const Table& first) override {
    std::string out = write_csv(without_rows(first));
    header_ = out.size();
    return out;
  }
  Result<void> piece(const Table& rows, const Showing* showing, const Out& out) override {
    return out(as_bytes(std::string_view(write_csv(rows, showing)).substr(header_)));
  }
  std::string tail() override { return ""; }

 private:
  std::size_t header_ = 0;
};

class Tsv final : public TableFormat {
 public:
  std::string head(const Table& first) override {
    std::string out;
    for (const Field& field : first.meta.fields) cell(out, field.name.empty() ? field.id : field.name);
    return finish_line(std::move(out));
  }
  Result<void> piece(const Table& rows, const Showing* showing, const Out& out) override {
    std::string lines;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      Row row = rows.row(r);
      if (showing != nullptr) showing->row(row);
      std::string line;
      for (std::size_t i = 0; i < rows.meta.fields.size(); ++i) cell(line, i < row.size() ? to_text(row[i]) : "");
      lines += finish_line(std::move(line));
    }
    return out(as_bytes(lines));
  }
  std::string tail() override { return ""; }

 private:
  static void cell(std::string& line, std::string_view text) {
    for (const char c : text) line += c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
    line += '\t';
  }
  static std::string finish_line(std::string line) {
    if (!line.empty()) line.pop_back();
    return line + "\n";
  }
};

/// An integer type that holds what came, where the declared one does not: others would cut it, or refuse the table.
void widen(Field& field, const ColumnFacts& facts) {
  struct Type {
    Datatype type;
    const char* word;
    std::int64_t low, high;
  };
  static constexpr Type kTypes[] = {{Datatype::unsigned_byte, "unsignedByte", 0, 255},
                                    {Datatype::short_int, "short", -32768, 32767},
                                    {Datatype::int32, "int", -2147483648LL, 2147483647},
                                    {Datatype::int64, "long", INT64_MIN, INT64_MAX}};
  const auto declared =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const Type& each) { return each.type == field.datatype; });
  const auto fitting = std::find_if(declared, std::end(kTypes), [&](const Type& each) {
    return facts.low > facts.high || (facts.low >= each.low && facts.high <= each.high);
  });
  if (fitting == declared || fitting == std::end(kTypes)) return;
  field.datatype = fitting->type;
  field.datatype_text = fitting->word;
}

class Vot final : public TableFormat {
 public:
  explicit Vot(std::vector<ColumnFacts> columns) : columns_(std::move(columns)) {}

  std::string head(const Table& first) override {
    Table empty = without_rows(first);
    for (std::size_t i = 0; i < std::min(columns_.size(), empty.meta.fields.size()); ++i)
      widen(empty.meta.fields[i], columns_[i]);
    const std::string whole = write_votable(empty);
    const std::size_t rows = whole.find(kBegin);
    if (rows == std::string::npos) return whole;  // a table without columns has no rows either
    tail_ = whole.substr(rows + kBegin.size());
    return whole.substr(0, rows + kBegin.size());
  }
  Result<void> piece(const Table& rows, const Showing* showing, const Out& out) override {
    const std::string whole = write_votable(rows, showing);
    // Texts and attributes escape '<', so the marks are the real ones.
    const std::size_t begin = whole.find(kBegin), end = whole.rfind(kEnd);
    if (begin == std::string::npos || end == std::string::npos) return {};
    return out(as_bytes(std::string_view(whole).substr(begin + kBegin.size(), end - begin - kBegin.size())));
  }
  std::string tail() override { return tail_; }

 private:
  static constexpr std::string_view kBegin = "<TABLEDATA>\n", kEnd = "</TABLEDATA>";
  const std::vector<ColumnFacts> columns_;
  std::string tail_;
};

}  // namespace

std::unique_ptr<TableFormat> table_format(std::string_view name, const TableFacts& facts) {
  if (name == "csv") return std::make_unique<Csv>();
  if (name == "tsv") return std::make_unique<Tsv>();
  if (name == "vot") return std::make_unique<Vot>(facts.columns);
  if (name == "fits") return fits_table_format(facts);
  return nullptr;
}

Result<void> write_table(std::string_view name, TableStreamReader& rows, const TableFacts& facts,
                         const std::function<Showing(const Table&)>& showing, const TableFormat::Out& out) {
  const std::unique_ptr<TableFormat> format = table_format(name, facts);
  if (!format) return fail(Code::unsupported, "no table is written as " + std::string(name));
  const auto pass = [&](const std::function<Result<void>(const Table&, const Showing*)>& take) {
    return rows.pieces([&](const Table& piece) -> Result<void> {
      if (!showing) return take(piece, nullptr);
      const Showing shown = showing(piece);
      return take(piece, &shown);
    });
  };
  Result<void> done;
  if (format->measures()) {
    done = pass([&](const Table& piece, const Showing* shown) -> Result<void> {
      format->measure(piece, shown);
      return out({});  // so that who does not want it any more is heard here, too
    });
  }
  bool begun = false;
  if (done) {
    done = pass([&](const Table& piece, const Showing* shown) -> Result<void> {
      Result<void> taken;
      if (!std::exchange(begun, true)) {
        Table first;  // what may be seen of it
        first.meta = shown != nullptr ? shown->meta : piece.meta;
        taken = out(as_bytes(format->head(first)));
      }
      return taken ? format->piece(piece, shown, out) : taken;
    });
  }
  if (done && format->has_more())
    done = pass([&](const Table& piece, const Showing* shown) { return format->more(piece, shown, out); });
  return done ? out(as_bytes(format->tail())) : done;
}

}  // namespace skymount::vo
