// SPDX-License-Identifier: MIT
//
// Layout: the template; how many datasets, how many rows they have together; the datasets' numbers in the order of
// their names; then each dataset: texts, flags, numbers, its rows. Every count is checked against what is left.
#include "vo/packed_datasets.h"

#include "cache/base/record.h"

#include <algorithm>
#include <numeric>

namespace skymount::vo {
namespace {

// Bits of a dataset's flags.
constexpr std::uint8_t kDated = 1, kSized = 2;

void put(RecordWriter& out, const DatasetDraft& dataset) {
  for (const std::string* text :
       {&dataset.name, &dataset.publisher_did, &dataset.access_url, &dataset.access_format, &dataset.product_type}) {
    out.text(*text);
  }
  out.u8((dataset.t_min_mjd ? kDated : 0) | (dataset.size_estimate ? kSized : 0));
  out.f64(dataset.t_min_mjd.value_or(0));
  out.u64(dataset.size_estimate.value_or(0));
  out.u32(static_cast<std::uint32_t>(dataset.rows.size()));
  for (const std::uint32_t row : dataset.rows) out.u32(row);
}

/// Appends the rows to `rows`, which has room for them all. False when there are more than that.
bool get(RecordReader& in, Dataset& dataset, std::vector<std::uint32_t>& rows) {
  for (std::string_view* text :
       {&dataset.name, &dataset.publisher_did, &dataset.access_url, &dataset.access_format, &dataset.product_type}) {
    *text = in.text();
  }
  const std::uint8_t flags = in.u8();
  const double t_min = in.f64();
  const std::uint64_t size = in.u64();
  if ((flags & kDated) != 0) dataset.t_min_mjd = t_min;
  if ((flags & kSized) != 0) dataset.size_estimate = size;
  const std::uint32_t count = in.u32();
  if (!in.ok() || count > rows.capacity() - rows.size()) return false;
  const std::uint32_t* first = rows.data() + rows.size();  // stays: nothing is ever appended beyond the capacity
  for (std::uint32_t i = 0; i < count; ++i) rows.push_back(in.u32());
  dataset.rows = {first, count};
  return in.ok();
}

std::vector<std::uint32_t> sorted_by_name(const std::vector<DatasetDraft>& drafts) {
  std::vector<std::uint32_t> out(drafts.size());
  std::iota(out.begin(), out.end(), 0);
  std::sort(out.begin(), out.end(), [&](std::uint32_t a, std::uint32_t b) { return drafts[a].name < drafts[b].name; });
  return out;
}

}  // namespace

PackedDatasets PackedDatasets::of(const std::vector<DatasetDraft>& drafts, const std::string& name_template) {
  RecordWriter out;
  out.text(name_template);
  std::size_t rows = 0;
  std::uint32_t last_row = 0;
  for (const DatasetDraft& draft : drafts) {
    rows += draft.rows.size();
    for (const std::uint32_t row : draft.rows) last_row = std::max(last_row, row);
  }
  out.u32(static_cast<std::uint32_t>(drafts.size()));
  out.u32(static_cast<std::uint32_t>(rows));
  for (const std::uint32_t i : sorted_by_name(drafts)) out.u32(i);
  for (const DatasetDraft& draft : drafts) put(out, draft);
  return read(SharedBytes(std::move(out).take()), std::size_t{last_row} + 1).value_or(PackedDatasets());
}

std::optional<PackedDatasets> PackedDatasets::read(SharedBytes bytes, std::size_t table_rows) {
  auto held = std::make_shared<Held>();
  held->bytes = std::move(bytes);
  RecordReader in(held->bytes.view());
  held->name_template = in.text();
  const std::uint32_t count = in.u32();
  const std::uint32_t rows = in.u32();
  // A dataset and a row each take 4 bytes at least: a lie about their number allocates no more than there is.
  const std::size_t most = held->bytes.size() / 4;
  if (!in.ok() || count > most || rows > most) return std::nullopt;
  held->by_name.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) held->by_name.push_back(in.u32());
  held->datasets.resize(count);
  held->rows.reserve(rows);
  for (Dataset& dataset : held->datasets) {
    if (!get(in, dataset, held->rows)) return std::nullopt;
  }
  const auto bad = [](const std::vector<std::uint32_t>& numbers, std::size_t end) {
    return std::any_of(numbers.begin(), numbers.end(), [&](std::uint32_t n) { return n >= end; });
  };
  if (!in.complete() || bad(held->by_name, count) || bad(held->rows, table_rows)) return std::nullopt;
  return PackedDatasets(std::move(held));
}

std::uint64_t PackedDatasets::weight() const {
  if (!held_) return 0;
  return held_->bytes.size() + held_->datasets.size() * sizeof(Dataset) +
         (held_->rows.size() + held_->by_name.size()) * sizeof(std::uint32_t);
}

const Dataset* PackedDatasets::find(std::string_view name) const {
  if (!held_) return nullptr;
  const auto from = [&](std::string_view text) {
    return std::lower_bound(held_->by_name.begin(), held_->by_name.end(), text,
                            [&](std::uint32_t i, std::string_view t) { return held_->datasets[i].name < t; });
  };
  if (const auto at = from(name); at != held_->by_name.end() && held_->datasets[*at].name == name) {
    return &held_->datasets[*at];
  }
  if (name.empty()) return nullptr;
  const std::string base = std::string(name) + "~";
  const Dataset* only = nullptr;
  for (auto at = from(base); at != held_->by_name.end(); ++at) {
    const Dataset& dataset = held_->datasets[*at];
    if (!dataset.name.starts_with(base)) break;
    if (dataset.name.rfind('~') != name.size()) continue;
    if (only != nullptr) return nullptr;
    only = &dataset;
  }
  return only;
}

}  // namespace skymount::vo
