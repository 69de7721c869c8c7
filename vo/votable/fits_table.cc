// SPDX-License-Identifier: MIT
//
// A FITS binary table in one pass: the facts say beforehand how many rows there are and how wide each column is. Ours,
// because cfitsio needs the whole file in memory or on disk to write one, and because what is written is our own.
// A column with a few long cells among short ones has them behind the table (7.3.5), so that one long cell does not
// make every row as long; what is written is then passed three times: to measure, for the table, and for what is behind
// it. Source: FITS 4.0, sections 4 and 7.3.
#include "vo/votable/table_formats.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace skymount::vo {
namespace {

constexpr std::size_t kBlock = 2880, kCard = 80;
// Narrower columns may waste what they do. A wider one whose cells would take this many times what is in them goes
// behind the table.
constexpr std::uint64_t kWide = 4096, kWaste = 4;
// What is handed on at once.
constexpr std::size_t kBatch = 1024 * 1024;

struct Column {
  char type = 'A';           ///< TFORM letter: L B I J K E D A
  std::uint64_t repeat = 1;  ///< bytes of a text, numbers of an array
  std::optional<std::int64_t> null;
  std::string name, unit, ucd;
  char descriptor = '\0';     ///< P or Q: its cells are behind the table; else they are in it
  std::uint64_t total = 0;    ///< of a wide column: bytes in all its cells
  std::uint64_t longest = 0;  ///< and elements of the longest

  std::uint64_t element() const {
    switch (type) {
      case 'I': return 2;
      case 'J':
      case 'E': return 4;
      case 'K':
      case 'D': return 8;
      default: return 1;
    }
  }
  std::uint64_t width() const { return descriptor == 'Q' ? 16 : descriptor == 'P' ? 8 : repeat * element(); }
  bool wide() const { return repeat > 1 && repeat * element() > kWide; }
};

/// Printable ASCII; each other character, however many bytes it has, is '?'.
std::string ascii(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80) continue;
    out += byte >= 0x20 && byte < 0x7f ? c : byte < 0x20 ? ' ' : '?';
  }
  return out;
}

std::string card(const std::string& keyword, const std::string& value, const std::string& comment = "") {
  std::string out = keyword;
  out.resize(8, ' ');
  out += "= ";
  if (value.starts_with('\'')) {
    out += value;
    if (out.size() < 30) out.resize(30, ' ');
  } else {
    if (value.size() < 20) out.append(20 - value.size(), ' ');
    out += value;
  }
  if (!comment.empty()) out += " / " + ascii(comment);
  out.resize(kCard, ' ');
  return out;
}

/// At least 8 characters, quotes doubled, no longer than a card takes.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : ascii(text)) {
    if (out.size() + (c == '\'' ? 2 : 1) > kCard - 12) break;
    out += c;
    if (c == '\'') out += c;
  }
  while (out.size() < 9) out += ' ';
  return out + "'";
}

void pad(std::string& text, char with) {
  text.append((kBlock - text.size() % kBlock) % kBlock, with);
}

/// The integer type that holds the column's values and, where there are nulls, one more for them.
void choose_integer(Column& out, char smallest, const ColumnFacts& facts) {
  struct Type {
    char letter;
    std::int64_t low, high;
  };
  static constexpr Type kTypes[] = {
      {'B', 0, 255},
      {'I', -32768, 32767},
      {'J', std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()},
      {'K', std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}};
  const bool any = facts.low <= facts.high;
  bool begun = false;
  for (const Type& type : kTypes) {
    begun = begun || type.letter == smallest;
    if (!begun) continue;
    out.type = type.letter;
    if (any && (facts.low < type.low || facts.high > type.high)) continue;
    if (!facts.nulls) return;
    if (!any || facts.low > type.low) {
      out.null = type.low;
      return;
    }
    if (facts.high < type.high) {
      out.null = type.high;
      return;
    }
  }
  // All 64 bits are used and there are nulls: no integer is left for them, and a text holds everything.
  out.type = 'A';
  out.repeat = 20;
  out.null.reset();
}

bool is_real(Datatype type) {
  return type == Datatype::float32 || type == Datatype::float64;
}

Column column_for(const Field& field, const ColumnFacts& facts) {
  Column out;
  out.name = field.name.empty() ? field.id : field.name;
  out.unit = field.unit;
  out.ucd = field.ucd;
  if (field.arraysize.scalar()) {
    switch (field.datatype) {
      case Datatype::boolean: out.type = 'L'; return out;
      case Datatype::unsigned_byte: choose_integer(out, 'B', facts); return out;
      case Datatype::short_int: choose_integer(out, 'I', facts); return out;
      case Datatype::int32: choose_integer(out, 'J', facts); return out;
      case Datatype::int64: choose_integer(out, 'K', facts); return out;
      case Datatype::float32: out.type = 'E'; return out;
      case Datatype::float64: out.type = 'D'; return out;
      default: break;
    }
  } else if (is_real(field.datatype) && facts.longest > 0 && (facts.longest == facts.shortest || facts.shortest == 0) &&
             !field.arraysize.variable) {
    out.type = field.datatype == Datatype::float32 ? 'E' : 'D';
    out.repeat = facts.longest;
    return out;
  }
  out.type = 'A';
  out.repeat = std::max<std::uint64_t>(1, facts.widest);
  return out;
}

template <class T>
void put(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes{};
  std::memcpy(bytes.data(), &value, sizeof value);
  if constexpr (std::endian::native == std::endian::little) std::reverse(bytes.begin(), bytes.end());
  out.append(bytes.data(), bytes.size());
}

class FitsTable final : public TableFormat {
 public:
  explicit FitsTable(TableFacts facts) : facts_(std::move(facts)) {}

  bool measures() const override {
    return std::any_of(facts_.columns.begin(), facts_.columns.end(), [](const ColumnFacts& column) {
      return column.widest > kWide || column.longest * sizeof(double) > kWide;
    });
  }

  void measure(const Table& rows, const Showing* showing) override {
    begin(showing != nullptr ? showing->meta : rows.meta);
    static_cast<void>(for_each_row(rows, showing, [&](const Row& row) -> Result<void> {
      for (std::size_t i = 0; i < columns_.size() && i < row.size(); ++i) {
        if (!columns_[i].wide()) continue;
        const std::uint64_t elements = elements_of(columns_[i], row[i]);
        columns_[i].total += elements * columns_[i].element();
        columns_[i].longest = std::max(columns_[i].longest, elements);
      }
      return {};
    }));
  }

  std::string head(const Table& first) override {
    begin(first.meta);
    decide();
    std::uint64_t width = 0;
    for (const Column& column : columns_) width += column.width();
    std::string out = card("SIMPLE", "T") + card("BITPIX", "8") + card("NAXIS", "0") + card("EXTEND", "T");
    out += std::string("END").append(kCard - 3, ' ');
    pad(out, ' ');
    std::string table = card("XTENSION", "'BINTABLE'") + card("BITPIX", "8") + card("NAXIS", "2") +
                        card("NAXIS1", std::to_string(width), "bytes of a row") +
                        card("NAXIS2", std::to_string(facts_.rows), "rows") +
                        card("PCOUNT", std::to_string(behind_), behind_ > 0 ? "bytes behind the rows" : "") +
                        card("GCOUNT", "1") + card("TFIELDS", std::to_string(columns_.size()));
    if (!first.meta.table_name.empty()) table += card("EXTNAME", quoted(first.meta.table_name));
    for (std::size_t i = 0; i < columns_.size(); ++i) table += cards_of(columns_[i], std::to_string(i + 1));
    table += std::string("END").append(kCard - 3, ' ');
    pad(table, ' ');
    return out + table;
  }

  Result<void> piece(const Table& rows, const Showing* showing, const Out& out) override {
    return batches(rows, showing, out, [&](std::string& bytes, const Row& row) {
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Value& value = i < row.size() ? row[i] : Value();
        if (columns_[i].descriptor != '\0')
          describe(bytes, columns_[i], value);
        else
          cell(bytes, columns_[i], value, columns_[i].repeat);
      }
    });
  }

  bool has_more() const override { return behind_ > 0; }

  Result<void> more(const Table& rows, const Showing* showing, const Out& out) override {
    return batches(rows, showing, out, [&](std::string& bytes, const Row& row) {
      for (std::size_t i = 0; i < columns_.size() && i < row.size(); ++i)
        if (columns_[i].descriptor != '\0') cell(bytes, columns_[i], row[i], elements_of(columns_[i], row[i]));
    });
  }

  std::string tail() override { return std::string((kBlock - written_ % kBlock) % kBlock, '\0'); }

 private:
  void begin(const TableMeta& meta) {
    if (!columns_.empty()) return;
    facts_.columns.resize(meta.fields.size());
    for (std::size_t i = 0; i < meta.fields.size(); ++i)
      columns_.push_back(column_for(meta.fields[i], facts_.columns[i]));
  }

  /// Which columns go behind the table. Only what was measured can.
  void decide() {
    std::vector<Column*> behind;
    for (Column& column : columns_) {
      if (!column.wide() || column.total >= column.repeat * column.element() * facts_.rows / kWaste) continue;
      behind.push_back(&column);
      behind_ += column.total;
    }
    // The numbers of a P are signed and have 32 bits.
    const bool small = behind_ <= static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max());
    for (Column* column : behind) column->descriptor = small ? 'P' : 'Q';
  }

  static Result<void> for_each_row(const Table& rows, const Showing* showing,
                                   const std::function<Result<void>(const Row&)>& take) {
    for (std::size_t r = 0; r < rows.size(); ++r) {
      Row row = rows.row(r);
      if (showing != nullptr) showing->row(row);
      if (Result<void> taken = take(row); !taken) return taken;
    }
    return {};
  }

  /// Rows can be far wider here than in the piece they come from, so they are handed on before they are many bytes.
  Result<void> batches(const Table& rows, const Showing* showing, const Out& out,
                       const std::function<void(std::string&, const Row&)>& write) {
    std::string bytes;
    const auto hand_on = [&]() -> Result<void> {
      written_ += bytes.size();
      Result<void> taken = out(as_bytes(bytes));
      bytes.clear();
      return taken;
    };
    Result<void> written = for_each_row(rows, showing, [&](const Row& row) -> Result<void> {
      write(bytes, row);
      return bytes.size() >= kBatch ? hand_on() : Result<void>();
    });
    return written ? hand_on() : written;
  }

  static std::uint64_t elements_of(const Column& column, const Value& value) {
    if (column.type == 'A') return std::min<std::uint64_t>(ascii(to_text(value)).size(), column.repeat);
    if (const auto* reals = std::get_if<std::vector<double>>(&value))
      return std::min<std::uint64_t>(reals->size(), column.repeat);
    return is_null(value) ? 0 : 1;
  }

  void describe(std::string& out, const Column& column, const Value& value) {
    const std::uint64_t elements = elements_of(column, value);
    for (const std::uint64_t number : {elements, offset_}) {
      if (column.descriptor == 'P')
        put(out, static_cast<std::int32_t>(number));
      else
        put(out, static_cast<std::int64_t>(number));
    }
    offset_ += elements * column.element();
  }

  static std::string cards_of(const Column& column, const std::string& n) {
    std::string out = card("TTYPE" + n, quoted(column.name), column.ucd);
    const bool many = column.repeat != 1 || column.type == 'A';
    const std::string form = column.descriptor == '\0' ? (many ? std::to_string(column.repeat) : "") + column.type
                                                       : std::string("1") + column.descriptor + column.type + "(" +
                                                             std::to_string(column.longest) + ")";
    out += card("TFORM" + n, quoted(form));
    if (!column.unit.empty()) out += card("TUNIT" + n, quoted(column.unit));
    if (column.null) out += card("TNULL" + n, std::to_string(*column.null));
    return out;
  }

  static void number(std::string& out, const Column& column, const Value& value) {
    const auto* whole = std::get_if<std::int64_t>(&value);
    const std::int64_t integer = whole != nullptr ? *whole : column.null.value_or(0);
    const double real = to_number(value).value_or(std::numeric_limits<double>::quiet_NaN());
    switch (column.type) {
      case 'B': out += static_cast<char>(static_cast<unsigned char>(integer)); break;
      case 'I': put(out, static_cast<std::int16_t>(integer)); break;
      case 'J': put(out, static_cast<std::int32_t>(integer)); break;
      case 'K': put(out, integer); break;
      case 'E': put(out, static_cast<float>(real)); break;
      default: put(out, real); break;
    }
  }

  static void cell(std::string& out, const Column& column, const Value& value, std::uint64_t elements) {
    if (column.type == 'A') {
      std::string text = ascii(to_text(value));
      text.resize(elements, ' ');
      out += text;
    } else if (column.type == 'L') {
      const auto* flag = std::get_if<bool>(&value);
      out += flag == nullptr ? '\0' : *flag ? 'T' : 'F';
    } else if (const auto* reals = std::get_if<std::vector<double>>(&value)) {
      for (std::uint64_t i = 0; i < elements; ++i)
        number(out, column, i < reals->size() ? Value((*reals)[i]) : Value());
    } else {
      for (std::uint64_t i = 0; i < elements; ++i) number(out, column, i == 0 ? value : Value());
    }
  }

  TableFacts facts_;
  std::vector<Column> columns_;
  std::uint64_t written_ = 0;
  std::uint64_t behind_ = 0, offset_ = 0;  // bytes behind the rows; where the next cell's begin
};

}  // namespace

std::unique_ptr<TableFormat> fits_table_format(const TableFacts& facts) {
  return std::make_unique<FitsTable>(facts);
}

}  // namespace skymount::vo
