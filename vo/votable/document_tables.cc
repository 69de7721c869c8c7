// SPDX-License-Identifier: MIT
//
// The half of Document that knows tables: which is the result, and how its rows come out of the stream.
#include "vo/votable/document.h"
#include "vo/votable/datatype.h"
#include "vo/votable/encoding.h"
#include "vo/votable/metadata.h"
#include "vo/votable/numbers.h"
#include "vo/votable/tabledata.h"

namespace skymount::vo {
namespace {

using Kind = XmlToken::Kind;

std::string attribute(const XmlToken& token, std::string_view name) {
  return std::string(trim(raw_attribute(token.raw, name).value_or("")));
}

}  // namespace

Result<void> Document::open_element(const XmlToken& token, unsigned depth) {
  const std::string_view name = token.local();
  if (name == "RESOURCE") {
    open_resource(token, depth);
  } else if (name == "TABLE") {
    open_table(token, depth);
  } else if (name == "FIELD" && table_ && depth == table_->depth + 1) {
    table_->has_fields = true;
  } else if (name == "DATA" && table_ && depth == table_->depth + 1) {
    if (token.kind == Kind::start) table_->data_depth = depth;
  } else if (table_ && (name == "TABLEDATA" || name == "BINARY" || name == "BINARY2" || name == "FITS")) {
    return open_data(token, depth);
  } else if (name == "STREAM" && binary_) {
    return open_stream(token);
  } else {
    return check_inside_data(token, depth);
  }
  return {};
}

/// Rows in a form that is not known are no empty answer.
Result<void> Document::check_inside_data(const XmlToken& token, unsigned depth) {
  const bool in_data = table_ && table_->data_depth != 0 && depth > table_->data_depth;
  if (!in_data || token.local() == "INFO" || !(binary_ || (wants_open_table() && !result_has_data_))) return {};
  return fail(Code::unsupported, "the rows come in the form <" + to_utf8(token.local().substr(0, 40)) +
                                     ">, which is none of TABLEDATA, BINARY and BINARY2");
}

void Document::open_resource(const XmlToken& token, unsigned depth) {
  const bool outer = !resources_.empty() && resources_.back().meta;
  resources_.push_back({depth, is_meta_resource(attribute(token, "type"), attribute(token, "utype"), outer)});
}

void Document::open_table(const XmlToken& token, unsigned depth) {
  table_ =
      OpenTable{depth, tables_++, false, attribute(token, "ID"), attribute(token, "ref"), attribute(token, "nrows"), 0};
}

/// Is the open TABLE the result, or better than what was taken for it?
bool Document::wants_open_table() const {
  const bool meta = !resources_.empty() && resources_.back().meta;
  if (meta || !(table_->has_fields || !table_->ref.empty())) return false;
  return !result_ || result_ == table_->number ||
         (!result_has_data_ && !result_id_.empty() && table_->ref == result_id_);
}

Result<void> Document::close_element(unsigned depth) {
  while (!namespaces_.empty() && namespaces_.back().depth >= depth) namespaces_.pop_back();
  if (!resources_.empty() && resources_.back().depth == depth) resources_.pop_back();
  if (depth == 1) mode_ = Mode::epilog;
  if (table_ && table_->data_depth == depth) {
    table_->data_depth = 0;
    if (binary_) return fail(Code::corrupt, "a binary table without the STREAM that holds its rows");
  }
  if (!table_ || table_->depth != depth) return {};
  if (wants_open_table() && !result_) {
    result_ = table_->number;
    result_id_ = table_->id;
  }
  table_.reset();
  return {};
}

Result<void> Document::open_data(const XmlToken& token, unsigned depth) {
  const std::string_view name = token.local();
  const bool wanted = wants_open_table() && !result_has_data_;
  if (wanted) {
    result_ = table_->number;
    result_has_data_ = true;
    if (const auto rows = read_integer(table_->nrows); rows && *rows >= 0) promised_rows_ = *rows;
    if (name == "FITS") {
      return fail(Code::unsupported, "the table comes as FITS inside VOTable; ask the service for another format");
    }
    if (auto announced = announce(); !announced) return announced;
  }
  const bool of_meta = !resources_.empty() && resources_.back().meta;
  if (!of_meta && !table_->has_fields && table_->ref.empty() && token.kind != Kind::empty) columns_missing_ = true;
  if (!wanted && !of_meta && table_->has_fields && token.kind != Kind::empty) ++other_tables_;
  if (token.kind == Kind::empty) return {};
  if (!wanted) {
    mode_ = Mode::skipped;
    mode_depth_ = depth;
  } else if (name == "TABLEDATA") {
    mode_ = Mode::rows;
    mode_depth_ = depth;
    for (const Field& field : fields_) rules_.emplace_back(field);
    row_.resize(fields_.size());
  } else {
    binary_.emplace(fields_, name == "BINARY2", limits_.row_bytes);
    base64_ = {};
  }
  return {};
}

/// Columns are needed before rows: what has been gathered, with its open elements closed, is a document of its own.
Result<void> Document::announce() {
  auto meta = read_metadata(metadata_ + splitter_.closing_tags(), result_, limits_.fields);
  if (!meta) return fail(meta.error());
  fields_ = meta->fields;
  if (fields_.empty()) return fail(Code::corrupt, "a table with rows but without columns");
  announced_ = true;
  return on_meta_(*meta);
}

Result<void> Document::take_rows(const XmlToken& token) {
  const unsigned depth = splitter_.depth();
  if (token.kind == Kind::end && depth + 1 == mode_depth_) {
    mode_ = Mode::metadata;
    return take_metadata(token);
  }
  const bool opens = token.kind == Kind::start || token.kind == Kind::empty;
  if (row_text_.empty()) {
    const bool is_row =
        opens && token.local() == "TR" && depth + (token.kind == Kind::empty ? 1 : 0) == mode_depth_ + 1;
    if (!is_row) {
      if (opens && token.local() != "INFO" && strangers_++ == 0) stranger_ = to_utf8(token.local().substr(0, 40));
      return {};
    }
    row_elements_ = row_tag_bytes_ = 0;
    row_has_cdata_ = false;
  }
  if (token.kind == Kind::cdata) {
    row_has_cdata_ = true;
    row_text_ += "<![CDATA[";
    row_text_ += token.raw;
    row_text_ += "]]>";
  } else if (token.kind != Kind::doctype) {
    row_text_ += token.raw;
  }
  if (opens) {
    // What RapidXML's nodes of one row may cost: cells, a few strangers, attributes of ordinary length.
    row_tag_bytes_ += token.raw.size();
    if (++row_elements_ > 2 * fields_.size() + 64 || row_tag_bytes_ > 256 * fields_.size() + 65'536) {
      return fail(Code::corrupt, "row " + std::to_string(rows_ + 1) + " has far more in it than its " +
                                     std::to_string(fields_.size()) + " columns");
    }
  }
  if (row_text_.size() > limits_.row_bytes) {
    return fail(Code::too_large,
                "row " + std::to_string(rows_ + 1) + " is longer than " + std::to_string(limits_.row_bytes) + " bytes");
  }
  const bool row_ends = (token.kind == Kind::end || token.kind == Kind::empty) && depth == mode_depth_;
  return row_ends ? finish_row() : Result<void>();
}

/// As many rows as come in the plainest form: they need neither tokens nor RapidXML, which together took two thirds of
/// the time of a large table.
Result<void> Document::take_plain_rows() {
  if (!row_text_.empty() || splitter_.depth() != mode_depth_) return {};
  while (splitter_.plain_row(rules_.size(), limits_.row_bytes, plain_cells_)) {
    if (auto taken = take_cells(plain_cells_); !taken) return taken;
  }
  return {};
}

Result<void> Document::finish_row() {
  const auto cells = xml_row_.parse(row_text_, row_has_cdata_);
  if (!cells) return fail(Error(cells.error()).during("row " + std::to_string(rows_ + 1)));
  row_text_.clear();
  return take_cells(**cells);
}

void Document::note_misfit(std::size_t column, std::string_view text) {
  const Field& field = fields_[column];
  const std::string_view word = trim(text);
  if (field.null_text && trim(*field.null_text) == word) return;
  // Enough to find it by; a cell may be a book.
  constexpr std::size_t kShown = 40;
  if (misfits_++ == 0)
    misfit_ = "\"" + to_utf8(word.substr(0, kShown)) + "\" in column " + (field.name.empty() ? field.id : field.name) +
              " (" + std::string(word_of(field.datatype)) + ") of row " + std::to_string(rows_ + 1);
}

Result<void> Document::take_cells(const std::vector<std::string_view>& cells) {
  if (cells.size() != rules_.size()) {
    return fail(Code::corrupt, "row " + std::to_string(rows_ + 1) + " has " + std::to_string(cells.size()) +
                                   " cells for " + std::to_string(rules_.size()) + " columns");
  }
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    read_cell(rules_[i], cells[i], row_[i]);
    if (is_null(row_[i]) && !cells[i].empty() && misfits(rules_[i], cells[i])) note_misfit(i, cells[i]);
  }
  ++rows_;
  return on_row_(row_);
}

Result<void> Document::open_stream(const XmlToken& token) {
  if (raw_attribute(token.raw, "href")) {
    return fail(Code::unsupported, "the rows are in another document, " + attribute(token, "href").substr(0, 200) +
                                       "; ask the service for a table in one piece");
  }
  const std::string encoding = attribute(token, "encoding");
  if (!same_word(encoding, "base64")) {
    return fail(Code::unsupported, "a binary table with the encoding \"" + encoding + "\"; only base64 is read");
  }
  if (token.kind == Kind::empty) return {};
  mode_ = Mode::stream;
  mode_depth_ = splitter_.depth();
  return {};
}

Result<void> Document::take_stream(const XmlToken& token) {
  const auto count = [this](const Row& row) {
    ++rows_;
    return on_row_(row);
  };
  decoded_.clear();
  if (token.kind == Kind::text || token.kind == Kind::cdata) {
    if (auto fed = base64_.feed(token.raw, decoded_); !fed) return fed;
    return binary_->feed(decoded_, count);
  }
  if (token.kind != Kind::end || splitter_.depth() + 1 != mode_depth_) return {};
  if (auto ended = base64_.finish(decoded_); !ended) return ended;
  if (auto fed = binary_->feed(decoded_, count); !fed) return fed;
  if (auto ended = binary_->finish(); !ended) return ended;
  binary_.reset();
  mode_ = Mode::metadata;
  return take_metadata(token);
}

}  // namespace skymount::vo
