// SPDX-License-Identifier: MIT
#include "vo/votable/table.h"

#include "vo/votable/cell_codec.h"

namespace skymount::vo {

void Table::append(const Row& row) {
  if (adopted_.size() > 0) {
    rows_.assign(adopted_.view().begin(), adopted_.view().end());
    adopted_ = {};
  }
  offsets_.push_back(rows_.size());
  const std::size_t columns = meta.fields.empty() ? row.size() : meta.fields.size();  // a reader may not know them yet
  for (std::size_t i = 0; i < columns; ++i) {
    append_cell(rows_, i < row.size() ? row[i] : Value());
  }
}

Row Table::row(std::size_t i) const {
  Row out;
  if (i >= offsets_.size()) return out;
  const std::size_t end = i + 1 < offsets_.size() ? offsets_[i + 1] : rows().size();
  CellReader cells(rows().subspan(offsets_[i], end - offsets_[i]));
  out.reserve(meta.fields.size());
  while (cells.ok() && cells.left() > 0) out.push_back(cells.next());
  return out;
}

Value Table::cell(std::size_t i, std::optional<std::size_t> column) const {
  if (!column || i >= offsets_.size()) return {};
  const std::size_t end = i + 1 < offsets_.size() ? offsets_[i + 1] : rows().size();
  CellReader cells(rows().subspan(offsets_[i], end - offsets_[i]));
  for (std::size_t skipped = 0; skipped < *column && cells.left() > 0; ++skipped) cells.skip();
  return cells.left() > 0 ? cells.next() : Value();
}

std::string Table::text(std::size_t i, std::string_view name) const {
  return to_text(cell(i, name));
}

}  // namespace skymount::vo
