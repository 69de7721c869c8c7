// SPDX-License-Identifier: MIT
//
// The datasets of an answer as one piece of memory, which is also how they lie on disk: a listing of tens of thousands
// is there as soon as its bytes are, without a string made for each of its names. Where it came from the network, the
// piece is made of drafts.
#pragma once

#include "cache/base/bytes.h"
#include "vo/dataset.h"

#include <memory>
#include <string>
#include <vector>

namespace skymount::vo {

/// A dataset before it is packed; the members are those of Dataset.
struct DatasetDraft {
  std::string name;
  std::vector<std::uint32_t> rows;
  std::string publisher_did, access_url, access_format, product_type;
  std::optional<double> t_min_mjd;
  std::optional<std::uint64_t> size_estimate;
};

/// Immutable; safe from many threads. Copies share their memory, which the datasets point into.
class PackedDatasets {
 public:
  PackedDatasets() = default;
  /// `name_template`: what made the names.
  static PackedDatasets of(const std::vector<DatasetDraft>& drafts, const std::string& name_template);
  /// The same from disk, in the memory where it lies. Nothing when it is malformed, or names a row that a table of
  /// `table_rows` does not have.
  static std::optional<PackedDatasets> read(SharedBytes bytes, std::size_t table_rows);

  /// For the disk.
  ByteView bytes() const { return held_ ? held_->bytes.view() : ByteView(); }
  std::string_view name_template() const { return held_ ? held_->name_template : std::string_view(); }
  /// What is kept in memory, in bytes.
  std::uint64_t weight() const;

  std::size_t size() const { return held_ ? held_->datasets.size() : 0; }
  bool empty() const { return size() == 0; }
  const Dataset& operator[](std::size_t i) const { return held_->datasets[i]; }
  const Dataset& front() const { return held_->datasets.front(); }
  const Dataset* data() const { return held_ ? held_->datasets.data() : nullptr; }
  const Dataset* begin() const { return data(); }
  const Dataset* end() const { return data() + size(); }

  /// By its name, or by its name without the suffix that tells twins apart where only one has it. Null: none.
  const Dataset* find(std::string_view name) const;

 private:
  struct Held {
    SharedBytes bytes;
    std::string_view name_template;
    std::vector<Dataset> datasets;
    std::vector<std::uint32_t> rows;     ///< of all datasets
    std::vector<std::uint32_t> by_name;  ///< datasets in the order of their names
  };
  explicit PackedDatasets(std::shared_ptr<const Held> held) : held_(std::move(held)) {}
  std::shared_ptr<const Held> held_;
};

}  // namespace skymount::vo
