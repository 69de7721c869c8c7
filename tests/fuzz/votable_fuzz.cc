// SPDX-License-Identifier: MIT
//
// Any bytes as a VOTable and as a packed table: an error or a table, within bounds. What was read must be readable
// again from what the writer and the packer make of it.
#include "vo/votable/reader.h"
#include "vo/votable/writer.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace skymount::test {

std::vector<std::string> fuzz_examples() {
  const std::string head =
      "<?xml version=\"1.0\" encoding='UTF-8'?><!DOCTYPE VOTABLE [<!ENTITY a \"b\">]><!-- c --><v:VOTABLE "
      "xmlns:v=\"u\" "
      "version='1.1'><v:RESOURCE type='meta'><v:TABLE ID='m'><v:FIELD name='x'/></v:TABLE></v:RESOURCE>"
      "<v:RESOURCE type=\"results\"><v:INFO name=\"QUERY_STATUS\" value=\"OK\">fine</v:INFO><v:TABLE name='t'>"
      "<v:PARAM name='p' datatype='int' value='3'/><v:FIELD name=\"a\" datatype=\"int\"><v:VALUES null='-1'><v:MAX "
      "value='9'/>"
      "<v:OPTION value='2'/></v:VALUES></v:FIELD><v:FIELD name='b' datatype='char' arraysize='*'/>"
      "<v:FIELD name='c' datatype='double' arraysize='2x*'/><v:FIELD name='d' datatype='bit' arraysize='3'/>"
      "<v:FIELD name='e' datatype='unicodeChar' arraysize='4'/><v:FIELD name='f' datatype='boolean'/><v:DATA>";
  const std::string tail =
      "</v:DATA></v:TABLE><v:INFO name='QUERY_STATUS' value='OVERFLOW'/></v:RESOURCE><v:RESOURCE utype='adhoc:service' "
      "ID='s'><v:PARAM name='accessURL' value='http://x'/><v:GROUP name='inputParams'><v:PARAM name='ID' ref='a' "
      "value=''/>"
      "</v:GROUP></v:RESOURCE></v:VOTABLE>";
  const std::string rows =
      "<v:TABLEDATA><v:TR><v:TD>1</v:TD><v:TD>x &amp; &#233; <![CDATA[<y>]]></v:TD><v:TD>1 2 NaN "
      "4</v:TD><v:TD>101</v:TD>"
      "<v:TD>abcd</v:TD><v:TD>T</v:TD></v:TR><v:TR><v:TD/><v:TD></v:TD><v:TD/><v:TD/><v:TD/><v:TD>?</v:TD></v:TR></"
      "v:TABLEDATA>";
  // One row: 1, "hi", (1 1), 101, "ab", true.
  const std::string binary =
      "<v:BINARY><v:STREAM "
      "encoding='base64'>AAAAAQAAAAJoaQAAAAI/8AAAAAAAAD/wAAAAAAAAoABhAGIAAAAAVA==\n</v:STREAM></v:BINARY>";
  const std::string binary2 =
      "<v:BINARY2><v:STREAM "
      "encoding=\"base64\">gAAAAAEAAAACaGkAAAACP/AAAAAAAAA/8AAAAAAAAKAAYQBiAAAAAFQ=</v:STREAM></v:BINARY2>";
  std::vector<std::string> all = {head + rows + tail, head + binary + tail, head + binary2 + tail,
                                  "<html><head><title>no</title></head></html>", std::string("\xFF\xFE<\0V\0O\0", 8)};
  for (int i = 0; i < 3; ++i) {
    const std::string text = all[static_cast<std::size_t>(i)];
    const auto table = vo::read_votable(as_bytes(text));
    if (!table) {
      std::fprintf(stderr, "example %d: %s\n", i, table.error().what().c_str());
      std::abort();
    }
    all.emplace_back(as_text(table->pack()));
  }
  return all;
}

}  // namespace skymount::test

namespace {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

// Small limits, so that what a limit should have stopped shows as time or memory.
constexpr skymount::vo::VotableLimits kLimits = {
    .document_bytes = 4'000'000, .metadata_bytes = 1'000'000, .row_bytes = 1'000'000, .depth = 32, .fields = 500};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skymount;
  using namespace skymount::vo;
  const ByteView bytes = std::as_bytes(std::span(data, size));
  looks_like_votable(bytes);
  const Result<Table> whole = read_votable(bytes, kLimits);

  // In two pieces it is the same table, or as bad.
  std::uint64_t rows = 0;
  VotableReader reader([](const TableMeta&) { return Result<void>(); },
                       [&](const Row&) {
                         ++rows;
                         return Result<void>();
                       },
                       kLimits);
  const std::size_t cut = size == 0 ? 0 : (data[0] * 7919u + size / 2) % size;
  const bool fed = reader.feed(bytes.first(cut)) && reader.feed(bytes.subspan(cut));
  const Result<TableMeta> meta = reader.finish();
  must(meta.has_value() == whole.has_value(), "any cut reads alike");
  must(!meta || fed, "an error stays");

  if (whole) {
    must(whole->meta.status.kind == QueryStatus::Kind::error || whole->size() == rows, "any cut has the same rows");
    const auto unpacked = Table::unpack(whole->pack());
    must(unpacked && unpacked->pack() == whole->pack(), "unpack undoes pack");
    const std::string written = write_votable(*whole);
    const auto again = read_votable(as_bytes(written));
    must(again && again->size() == whole->size() && again->meta.fields.size() == whole->meta.fields.size(),
         "what was read can be written and read again");
    write_csv(*whole);
  }
  if (const auto table = Table::unpack(bytes)) {
    for (std::size_t i = 0; i < table->size(); ++i)
      must(table->row(i).size() == table->meta.fields.size(), "whole rows");
    write_csv(*table);
  }
  return 0;
}
