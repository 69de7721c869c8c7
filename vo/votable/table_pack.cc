// SPDX-License-Identifier: MIT
//
// A Table as bytes for the cache, and back. The bytes may come from a damaged disk: every count is checked against what
// is left of them, and every row is walked before the table is believed, or a checksum has vouched for them.
#include "cache/base/record.h"
#include "vo/votable/cell_codec.h"
#include "vo/votable/datatype.h"
#include "vo/votable/table.h"

namespace skymount::vo {
namespace {

constexpr std::uint32_t kMagic = 0x54564b53;  // "SKVT"
// Raise it with any change of the layout: old tables are then fetched anew.
constexpr std::uint8_t kVersion = 2;

template <class T, class F>
void write_list(RecordWriter& out, const std::vector<T>& list, F&& write) {
  out.u32(static_cast<std::uint32_t>(list.size()));
  for (const T& one : list) write(out, one);
}

/// Every item takes at least a byte, so a list cannot be longer than its bytes and a lie about its length ends early.
template <class T, class F>
void read_list(RecordReader& in, std::vector<T>& list, F&& read) {
  const std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) list.push_back(read(in));
}

std::string read_text(RecordReader& in) {
  return std::string(in.text());
}

void write_option(RecordWriter& out, const Option& option) {
  out.text(option.name);
  out.text(option.value);
}

Option read_option(RecordReader& in) {
  Option option;
  option.name = read_text(in);
  option.value = read_text(in);
  return option;
}

void write_field(RecordWriter& out, const Field& f) {
  for (const std::string* text : {&f.id, &f.name, &f.unit, &f.ucd, &f.utype, &f.xtype, &f.ref, &f.description,
                                  &f.datatype_text, &f.arraysize_text, &f.min, &f.max, &f.value}) {
    out.text(*text);
  }
  out.u8(f.null_text ? 1 : 0);
  if (f.null_text) out.text(*f.null_text);
  out.u8(static_cast<std::uint8_t>(f.datatype));
  out.u8(f.arraysize.variable ? 1 : 0);
  out.u64(f.arraysize.limit);
  write_list(out, f.arraysize.fixed, [](RecordWriter& o, std::uint64_t axis) { o.u64(axis); });
  write_list(out, f.options, write_option);
}

Field read_field(RecordReader& in) {
  Field f;
  for (std::string* text : {&f.id, &f.name, &f.unit, &f.ucd, &f.utype, &f.xtype, &f.ref, &f.description,
                            &f.datatype_text, &f.arraysize_text, &f.min, &f.max, &f.value}) {
    *text = read_text(in);
  }
  if (in.u8() != 0) f.null_text = read_text(in);
  const std::uint8_t type = in.u8();
  f.datatype = type <= static_cast<std::uint8_t>(Datatype::unknown) ? static_cast<Datatype>(type) : Datatype::unknown;
  f.arraysize.variable = in.u8() != 0;
  f.arraysize.limit = in.u64();
  read_list(in, f.arraysize.fixed, [](RecordReader& i) { return i.u64(); });
  read_list(in, f.options, read_option);
  return f;
}

void write_info(RecordWriter& out, const Info& info) {
  for (const std::string* text : {&info.id, &info.name, &info.value, &info.text}) out.text(*text);
}

Info read_info(RecordReader& in) {
  Info info;
  for (std::string* text : {&info.id, &info.name, &info.value, &info.text}) *text = read_text(in);
  return info;
}

void write_service(RecordWriter& out, const ServiceDescriptor& s) {
  for (const std::string* text :
       {&s.id, &s.name, &s.description, &s.standard_id, &s.access_url, &s.resource_identifier, &s.content_type}) {
    out.text(*text);
  }
  write_list(out, s.inputs, write_field);
}

ServiceDescriptor read_service(RecordReader& in) {
  ServiceDescriptor s;
  for (std::string* text :
       {&s.id, &s.name, &s.description, &s.standard_id, &s.access_url, &s.resource_identifier, &s.content_type}) {
    *text = read_text(in);
  }
  read_list(in, s.inputs, read_field);
  return s;
}

void write_meta(RecordWriter& out, const TableMeta& meta) {
  out.text(meta.table_name);
  out.text(meta.description);
  out.u8(static_cast<std::uint8_t>(meta.status.kind));
  out.text(meta.status.message);
  out.u64(meta.row_count);
  out.u8(meta.has_table ? 1 : 0);
  write_list(out, meta.fields, write_field);
  write_list(out, meta.params, write_field);
  write_list(out, meta.infos, write_info);
  write_list(out, meta.services, write_service);
}

TableMeta read_meta(RecordReader& in) {
  TableMeta meta;
  meta.table_name = read_text(in);
  meta.description = read_text(in);
  const std::uint8_t kind = in.u8();
  // An unknown kind is never taken for "all is well".
  meta.status.kind = kind <= static_cast<std::uint8_t>(QueryStatus::Kind::error) ? static_cast<QueryStatus::Kind>(kind)
                                                                                 : QueryStatus::Kind::error;
  meta.status.message = read_text(in);
  meta.row_count = in.u64();
  meta.has_table = in.u8() != 0;
  read_list(in, meta.fields, read_field);
  read_list(in, meta.params, read_field);
  read_list(in, meta.infos, read_info);
  read_list(in, meta.services, read_service);
  return meta;
}

}  // namespace

Bytes Table::pack() const {
  RecordWriter out;
  out.u32(kMagic);
  out.u8(kVersion);
  write_meta(out, meta);
  out.u32(static_cast<std::uint32_t>(meta.fields.size()));
  out.u64(offsets_.size());
  for (const std::uint64_t offset : offsets_) out.u64(offset);
  // A text's length has 32 bits; the store takes no record of a quarter of that, and no listing comes near.
  out.text(as_text(rows()));
  return std::move(out).take();
}

Result<ByteView> Table::unpack_head(ByteView packed, Table& table) {
  const auto broken = [](std::string_view what) { return fail(Code::corrupt, "packed table: " + std::string(what)); };
  RecordReader in(packed);
  if (in.u32() != kMagic) return broken("not one");
  if (in.u8() != kVersion) return broken("of another version");
  table.meta = read_meta(in);
  const std::uint32_t columns = in.u32();
  const std::uint64_t rows = in.u64();
  // A row without columns has no bytes, so that nothing but this would bound the number of rows.
  if (!in.ok() || columns != table.meta.fields.size() || rows > packed.size() / sizeof(std::uint64_t)) {
    return broken("its header does not hold");
  }
  table.offsets_.reserve(rows);
  for (std::uint64_t i = 0; i < rows; ++i) {
    const std::uint64_t offset = in.u64();
    if (!in.ok() || offset < (i == 0 ? 0 : table.offsets_.back())) return broken("its rows are out of order");
    table.offsets_.push_back(offset);
  }
  const ByteView cells = as_bytes(in.text());
  if (!in.complete() || (rows > 0 && (table.offsets_.front() != 0 || table.offsets_.back() > cells.size()))) {
    return broken("rows are missing");
  }
  return cells;
}

Result<Table> Table::unpack(ByteView bytes) {
  Table table;
  const Result<ByteView> rows = unpack_head(bytes, table);
  if (!rows) return fail(rows.error());
  const auto broken = [] { return fail(Code::corrupt, "packed table: its rows do not hold"); };
  CellReader cells(*rows);
  for (const std::uint64_t offset : table.offsets_) {
    if (rows->size() - cells.left() != offset) return broken();
    for (std::size_t column = 0; column < table.meta.fields.size() && cells.ok(); ++column) cells.check();
  }
  if (!cells.ok() || cells.left() > 0) return broken();
  table.rows_.assign(rows->begin(), rows->end());
  return table;
}

Result<Table> Table::adopt(const SharedBytes& bytes) {
  Table table;
  const Result<ByteView> rows = unpack_head(bytes.view(), table);
  if (!rows) return fail(rows.error());
  table.adopted_ = bytes.part(bytes.size() - rows->size(), rows->size());
  return table;
}

}  // namespace skymount::vo
