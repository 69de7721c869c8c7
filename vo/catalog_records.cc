// SPDX-License-Identifier: MIT
#include "vo/catalog_records.h"

#include "cache/base/record.h"
#include "cache/content_id.h"

namespace skymount::vo {
namespace {

// Raised when a layout changes; older records then count as absent.
constexpr std::uint8_t kListingLayout = 5;
constexpr std::uint8_t kFolderLayout = 2;

void put_time(RecordWriter& out, WallTime time) {
  out.i64(time.time_since_epoch().count());
}
WallTime get_time(RecordReader& in) {
  return WallTime(std::chrono::milliseconds(in.i64()));
}

void put_pairs(RecordWriter& out, const std::vector<std::pair<std::string, std::string>>& pairs) {
  out.u32(static_cast<std::uint32_t>(pairs.size()));
  for (const auto& [name, value] : pairs) {
    out.text(name);
    out.text(value);
  }
}

/// Calls `get` as often as the count says, and stops with the first read beyond the record: a wrong count cannot make us
/// allocate.
template <class Get>
void get_each(RecordReader& in, Get get) {
  const std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) get();
}

std::string get_text(RecordReader& in) {
  return std::string(in.text());
}

std::vector<std::pair<std::string, std::string>> get_pairs(RecordReader& in) {
  std::vector<std::pair<std::string, std::string>> out;
  get_each(in, [&] {
    std::string name = get_text(in);
    out.emplace_back(std::move(name), get_text(in));
  });
  return out;
}

void put_entry(RecordWriter& out, const Entry& entry) {
  for (const std::string* text : {&entry.name, &entry.folder, &entry.url, &entry.identity, &entry.semantics,
                                  &entry.description, &entry.content_type, &entry.local_semantics, &entry.error,
                                  &entry.content_qualifier}) {
    out.text(*text);
  }
  out.u8(entry.service ? 1 : 0);
  if (entry.service) {
    out.text(entry.service->access_url);
    put_pairs(out, entry.service->parameters);
  }
  out.u8(entry.size_estimate ? 1 : 0);
  out.u64(entry.size_estimate.value_or(0));
  out.u8(entry.links_document ? 1 : 0);
}

Entry get_entry(RecordReader& in) {
  Entry entry;
  for (std::string* text : {&entry.name, &entry.folder, &entry.url, &entry.identity, &entry.semantics,
                            &entry.description, &entry.content_type, &entry.local_semantics, &entry.error,
                            &entry.content_qualifier}) {
    *text = in.text();
  }
  if (in.u8() != 0) {
    ServiceCall call;
    call.access_url = in.text();
    call.parameters = get_pairs(in);
    entry.service = std::move(call);
  }
  const bool sized = in.u8() != 0;
  const std::uint64_t size = in.u64();
  if (sized) entry.size_estimate = size;
  entry.links_document = in.u8() != 0;
  return entry;
}

void put_field(RecordWriter& out, const Field& field) {
  for (const std::string* text :
       {&field.id, &field.name, &field.unit, &field.ucd, &field.utype, &field.xtype, &field.ref, &field.description,
        &field.datatype_text, &field.arraysize_text, &field.min, &field.max, &field.value}) {
    out.text(*text);
  }
  out.u8(static_cast<std::uint8_t>(field.datatype));
  out.u8(field.null_text ? 1 : 0);
  out.text(field.null_text.value_or(""));
  out.u32(static_cast<std::uint32_t>(field.options.size()));
  for (const Option& option : field.options) {
    out.text(option.name);
    out.text(option.value);
  }
}

Field get_field(RecordReader& in) {
  Field field;
  for (std::string* text :
       {&field.id, &field.name, &field.unit, &field.ucd, &field.utype, &field.xtype, &field.ref, &field.description,
        &field.datatype_text, &field.arraysize_text, &field.min, &field.max, &field.value}) {
    *text = in.text();
  }
  field.datatype = static_cast<Datatype>(std::min<std::uint8_t>(in.u8(), static_cast<std::uint8_t>(Datatype::unknown)));
  const bool has_null = in.u8() != 0;
  std::string null_text = get_text(in);
  if (has_null) field.null_text = std::move(null_text);
  for (auto& [name, value] : get_pairs(in)) field.options.push_back({name, value});
  field.arraysize = ArraySize::parse(field.arraysize_text);
  return field;
}

void put_service(RecordWriter& out, const DatasetFolder::CutoutService& service) {
  out.text(service.name);
  out.text(service.description);
  out.text(service.access_url);
  out.text(service.content_type);
  put_pairs(out, service.fixed);
  out.u32(static_cast<std::uint32_t>(service.parameters.size()));
  for (const Field& field : service.parameters) put_field(out, field);
}

DatasetFolder::CutoutService get_service(RecordReader& in) {
  DatasetFolder::CutoutService service;
  service.name = in.text();
  service.description = in.text();
  service.access_url = in.text();
  service.content_type = in.text();
  service.fixed = get_pairs(in);
  get_each(in, [&] { service.parameters.push_back(get_field(in)); });
  return service;
}

/// A piece of the record that is believed when this has not changed.
void put_checked(RecordWriter& out, ByteView piece) {
  out.text(as_text(piece));
  out.u64(cache::hash64(as_text(piece)));
}

struct Checked {
  SharedBytes bytes;
  std::uint64_t hash = 0;
  bool intact = false;
};

Checked get_checked(RecordReader& in, const SharedBytes& record) {
  const std::string_view piece = in.text();
  const std::uint64_t hash = cache::hash64(piece);
  const auto offset = static_cast<std::size_t>(as_bytes(piece).data() - record.view().data());
  return {in.ok() ? record.part(offset, piece.size()) : SharedBytes(), hash, in.u64() == hash && in.ok()};
}

}  // namespace

Bytes pack(const Listing& listing) {
  RecordWriter out;
  out.u8(kListingLayout);
  out.text(listing.adql);
  out.text(listing.service_url);
  put_time(out, listing.asked_at);
  out.u32(static_cast<std::uint32_t>(listing.shortfalls.size()));
  for (const Shortfall& shortfall : listing.shortfalls) {
    out.u8(static_cast<std::uint8_t>(shortfall.kind));
    out.text(shortfall.words);
  }
  out.text(listing.links_id);
  put_checked(out, listing.datasets.bytes());
  put_checked(out, listing.table.pack());
  return std::move(out).take();
}

std::optional<ListingParts> unpack_listing(const SharedBytes& record) {
  RecordReader in(record.view());
  if (in.u8() != kListingLayout) return std::nullopt;
  ListingParts parts;
  parts.adql = in.text();
  parts.service_url = in.text();
  parts.asked_at = get_time(in);
  get_each(in, [&] {
    const std::uint8_t kind = std::min<std::uint8_t>(in.u8(), static_cast<std::uint8_t>(Shortfall::Kind::shortened));
    parts.shortfalls.push_back({static_cast<Shortfall::Kind>(kind), get_text(in)});
  });
  parts.links_id = in.text();
  const Checked datasets = get_checked(in, record);
  const Checked rows = get_checked(in, record);
  if (!in.complete() || !rows.intact) return std::nullopt;
  Result<Table> table = Table::adopt(rows.bytes);
  if (!table) return std::nullopt;
  parts.table = std::move(*table);
  parts.rows_hash = rows.hash;
  // Without them they are made of the rows again.
  if (datasets.intact) {
    parts.datasets = PackedDatasets::read(datasets.bytes, parts.table.size()).value_or(PackedDatasets());
  }
  return parts;
}

Bytes pack(const DatasetFolder& folder) {
  RecordWriter out;
  out.u8(kFolderLayout);
  put_time(out, folder.asked_at);
  out.text(folder.links_document);
  out.text(folder.source);
  out.u32(static_cast<std::uint32_t>(folder.entries.size()));
  for (const Entry& entry : folder.entries) put_entry(out, entry);
  out.u32(static_cast<std::uint32_t>(folder.faults.size()));
  for (const LinkFault& fault : folder.faults) {
    out.text(fault.id);
    out.text(fault.semantics);
    out.text(fault.fault);
  }
  out.u32(static_cast<std::uint32_t>(folder.services.size()));
  for (const auto& service : folder.services) put_service(out, service);
  return std::move(out).take();
}

std::optional<DatasetFolder> unpack_folder(ByteView bytes) {
  RecordReader in(bytes);
  if (in.u8() != kFolderLayout) return std::nullopt;
  DatasetFolder folder;
  folder.asked_at = get_time(in);
  folder.links_document = in.text();
  folder.source = in.text();
  get_each(in, [&] { folder.entries.push_back(get_entry(in)); });
  get_each(in, [&] {
    std::string id = get_text(in), semantics = get_text(in);
    folder.faults.push_back({std::move(id), std::move(semantics), get_text(in)});
  });
  get_each(in, [&] { folder.services.push_back(get_service(in)); });
  if (!in.complete()) return std::nullopt;
  return folder;
}

}  // namespace skymount::vo
