// SPDX-License-Identifier: MIT
//
// A VOTable as a sequence of tags: which rows are the result's, and everything else gathered as metadata. Internal to
// vo/votable. It sees UTF-8 text; gzip and encodings are the reader's business.
//
// Streaming cannot look ahead, so the result is the first TABLE with columns and data in a RESOURCE that is not meta
// (type="results", or no type: the schema's default). Rows of all other tables are passed over. A table without data
// stands for an empty result, unless a later one refers to it for its columns.
#pragma once

#include "vo/votable/base64.h"
#include "vo/votable/binary.h"
#include "vo/votable/reader.h"
#include "vo/votable/xml.h"
#include "vo/votable/xml_splitter.h"

#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

class Document {
 public:
  Document(VotableReader::OnMeta on_meta, VotableReader::OnRow on_row, const VotableLimits& limits);

  Result<void> feed(std::string_view text);
  Result<TableMeta> finish();

 private:
  enum class Mode { prolog, html, metadata, rows, stream, skipped, epilog };
  struct Resource {
    unsigned depth;
    bool meta;
  };
  struct Namespace {
    unsigned depth;
    std::string prefix;  ///< empty: the default
    bool foreign;
  };
  /// The TABLE that is open.
  struct OpenTable {
    unsigned depth = 0;
    std::size_t number = 0;
    bool has_fields = false;
    std::string id, ref, nrows;
    unsigned data_depth = 0;  ///< of its DATA, while that is open; 0: it is not
  };

  Result<void> take_all(std::string_view text);
  Result<void> take(const XmlToken& token);
  Result<void> take_prolog(const XmlToken& token);
  Result<void> take_metadata(const XmlToken& token);
  Result<void> take_rows(const XmlToken& token);
  Result<void> take_stream(const XmlToken& token);
  Result<void> open_element(const XmlToken& token, unsigned depth);
  void open_resource(const XmlToken& token, unsigned depth);
  void open_table(const XmlToken& token, unsigned depth);
  Result<void> close_element(unsigned depth);
  Result<void> open_data(const XmlToken& token, unsigned depth);
  Result<void> check_inside_data(const XmlToken& token, unsigned depth);
  Result<void> open_stream(const XmlToken& token);
  Result<void> take_plain_rows();
  Result<void> finish_row();
  void note_misfit(std::size_t column, std::string_view text);
  Result<void> take_cells(const std::vector<std::string_view>& cells);
  Result<void> announce();
  Result<void> gather(const XmlToken& token);
  bool is_foreign(const XmlToken& token, unsigned depth);
  void read_namespaces(const XmlToken& token, unsigned depth);
  bool wants_open_table() const;
  Result<void> not_a_votable() const;

  VotableReader::OnMeta on_meta_;
  VotableReader::OnRow on_row_;
  const VotableLimits limits_;
  XmlSplitter splitter_;
  Mode mode_ = Mode::prolog;
  unsigned mode_depth_ = 0;     // of the element whose end leaves mode_
  unsigned foreign_depth_ = 0;  // of the foreign element we are in; 0: none
  std::string head_;            // the first bytes, for saying what this is when it is no VOTable

  std::string metadata_;
  std::uint64_t metadata_nodes_ = 0;
  std::vector<Resource> resources_;
  std::vector<Namespace> namespaces_;
  std::size_t tables_ = 0;
  std::optional<OpenTable> table_;

  std::optional<std::size_t> result_;  // number of the result table
  std::string result_id_;
  bool result_has_data_ = false;
  std::optional<std::uint64_t> promised_rows_;  // TABLE/@nrows of the result
  std::size_t other_tables_ = 0;                // more tables with rows, which look like results, too
  bool columns_missing_ = false;                // rows were passed over because no columns had come before them
  std::uint64_t strangers_ = 0;                 // elements where rows belong that are none
  std::string stranger_;                        // the first one's name
  bool announced_ = false;

  std::vector<CellRules> rules_;
  std::string row_text_;
  std::size_t row_elements_ = 0, row_tag_bytes_ = 0;
  bool row_has_cdata_ = false;
  XmlRow xml_row_;
  std::vector<std::string_view> plain_cells_;
  Row row_;
  std::optional<BinaryRows> binary_;
  std::vector<Field> fields_;
  Base64Decoder base64_;
  std::string decoded_;
  std::uint64_t misfits_ = 0;  // values that are not of their column's type
  std::string misfit_;         // the first of them
  std::uint64_t rows_ = 0;
  std::uint64_t idle_bytes_ = 0;  // fed since the last row
};

}  // namespace skymount::vo
