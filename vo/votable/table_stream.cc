// SPDX-License-Identifier: MIT
//
// Layout: pieces as [u32 length][Table::pack()], then the facts, then their length and a mark in the last 16 bytes.
#include "vo/votable/table_stream.h"

#include "cache/base/record.h"

#include <algorithm>

namespace skymount::vo {
namespace {

// One piece: large enough that its metadata costs nothing beside it, small enough to be held a few times.
constexpr std::uint64_t kPiece = 1024 * 1024;
constexpr std::uint64_t kMostRows = 20'000;
constexpr std::uint64_t kLargestPiece = 256 * 1024 * 1024;
constexpr std::uint64_t kMark = 0x31656C6261746B73;  // "sktable1"

// As text: -9223372036854775808, and -1.2345678901234567e-308.
constexpr std::uint64_t kWidestInteger = 20, kWidestReal = 24;

void look_at(ColumnFacts& facts, const Value& value) {
  if (is_null(value)) {
    facts.nulls = true;
    facts.shortest = 0;
    return;
  }
  const auto array = [&](std::size_t n) {
    facts.longest = std::max<std::uint64_t>(facts.longest, n);
    facts.shortest = std::min<std::uint64_t>(facts.shortest, n);
  };
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    const bool first = facts.low > facts.high;
    facts.low = first ? *whole : std::min(facts.low, *whole);
    facts.high = first ? *whole : std::max(facts.high, *whole);
    facts.widest = std::max(facts.widest, kWidestInteger);
  } else if (std::holds_alternative<double>(value) || std::holds_alternative<bool>(value)) {
    facts.widest = std::max(facts.widest, kWidestReal);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    facts.widest = std::max<std::uint64_t>(facts.widest, text->size());
  } else if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
    array(numbers->size());
    facts.widest = std::max<std::uint64_t>(facts.widest, to_text(value).size());
  } else if (const auto* wholes = std::get_if<std::vector<std::int64_t>>(&value)) {
    array(wholes->size());
    facts.widest = std::max<std::uint64_t>(facts.widest, to_text(value).size());
  } else if (std::holds_alternative<std::vector<std::string>>(value)) {
    facts.widest = std::max<std::uint64_t>(facts.widest, to_text(value).size());
  }
}

tl::unexpected<Error> broken() {
  return fail(Code::corrupt, "what was kept of this table is broken");
}

}  // namespace

void TableStreamWriter::begin(const TableMeta& meta) {
  piece_ = Table();
  piece_.meta = meta;
  facts_ = TableFacts();
  ColumnFacts none;
  none.low = 1;  // above high: no integer was seen
  facts_.columns.assign(meta.fields.size(), none);
}

Result<void> TableStreamWriter::flush() {
  const Bytes packed = piece_.pack();
  RecordWriter length;
  length.u32(static_cast<std::uint32_t>(packed.size()));
  Table empty;
  empty.meta = std::move(piece_.meta);
  piece_ = std::move(empty);
  if (Result<void> written = out_(length.view()); !written) return written;
  return out_(packed);
}

Result<void> TableStreamWriter::add(const Row& row) {
  for (std::size_t i = 0; i < facts_.columns.size(); ++i) look_at(facts_.columns[i], i < row.size() ? row[i] : Value());
  piece_.append(row);
  ++facts_.rows;
  return piece_.bytes() >= kPiece || piece_.size() >= kMostRows ? flush() : Result<void>();
}

Result<void> TableStreamWriter::finish(const std::string& truncated) {
  if (Result<void> written = flush(); !written) return written;
  RecordWriter end;
  end.u64(facts_.rows);
  end.text(truncated);
  end.u32(static_cast<std::uint32_t>(facts_.columns.size()));
  for (const ColumnFacts& column : facts_.columns) {
    end.u8(column.nulls ? 1 : 0);
    end.i64(column.low);
    end.i64(column.high);
    end.u64(column.widest);
    end.u64(column.longest);
    end.u64(column.shortest);
  }
  RecordWriter mark;
  mark.u64(end.view().size());
  mark.u64(kMark);
  if (Result<void> written = out_(end.view()); !written) return written;
  return out_(mark.view());
}

Result<TableFacts> TableStreamReader::facts() {
  if (size_ < 16) return broken();
  const Result<Bytes> mark = read_(size_ - 16, 16);
  if (!mark) return fail(mark.error());
  RecordReader in(*mark);
  const std::uint64_t length = in.u64();
  if (in.u64() != kMark || length > size_ - 16 || length > kLargestPiece) return broken();
  const Result<Bytes> bytes = read_(size_ - 16 - length, length);
  if (!bytes) return fail(bytes.error());
  RecordReader end(*bytes);
  TableFacts out;
  out.rows = end.u64();
  out.truncated = end.text();
  const std::uint32_t columns = end.u32();
  for (std::uint32_t i = 0; i < columns && end.ok(); ++i) {
    ColumnFacts column;
    column.nulls = end.u8() != 0;
    column.low = end.i64();
    column.high = end.i64();
    column.widest = end.u64();
    column.longest = end.u64();
    column.shortest = end.u64();
    out.columns.push_back(column);
  }
  if (!end.complete()) return broken();
  return out;
}

Result<void> TableStreamReader::pieces(const std::function<Result<void>(const Table&)>& take) {
  const Result<Bytes> mark = size_ < 16 ? Result<Bytes>(broken()) : read_(size_ - 16, 16);
  if (!mark) return fail(mark.error());
  RecordReader in(*mark);
  const std::uint64_t facts = in.u64();
  if (in.u64() != kMark || facts > size_ - 16) return broken();
  const std::uint64_t end = size_ - 16 - facts;
  for (std::uint64_t at = 0; at < end;) {
    const Result<Bytes> head = end - at < 4 ? Result<Bytes>(broken()) : read_(at, 4);
    if (!head) return fail(head.error());
    const std::uint64_t length = RecordReader(*head).u32();
    if (length > end - at - 4 || length > kLargestPiece) return broken();
    const Result<Bytes> bytes = read_(at + 4, length);
    if (!bytes) return fail(bytes.error());
    const Result<Table> piece = Table::unpack(*bytes);
    if (!piece) return fail(piece.error());
    if (Result<void> taken = take(*piece); !taken) return taken;
    at += 4 + length;
  }
  return {};
}

}  // namespace skymount::vo
