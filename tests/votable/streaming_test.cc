// SPDX-License-Identifier: MIT
//
// Memory does not grow with the table.
#include "tests/votable/documents.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace skymount::vo {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // their shadow memory and quarantine are not ours to count
#else
constexpr bool kSanitized = false;
#endif

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

struct Growth {
  std::uint64_t rows = 0, bytes = 0, most = 0;
};

/// Feeds `piece` so many times between head and tail, and watches the memory.
Growth stream(const std::string& head, const std::string& piece, int times, const std::string& tail) {
  Growth growth;
  VotableReader reader([](const TableMeta&) { return Result<void>(); },
                       [&](const Row&) {
                         ++growth.rows;
                         return Result<void>();
                       });
  const std::uint64_t before = resident_bytes();
  EXPECT_TRUE(reader.feed(as_bytes(head)));
  for (int i = 0; i < times; ++i) {
    const Result<void> fed = reader.feed(as_bytes(piece));
    if (!fed) ADD_FAILURE() << fed.error().what();
    if (!fed) break;
    growth.bytes += piece.size();
    if (i % 50 == 0) growth.most = std::max(growth.most, resident_bytes() - std::min(before, resident_bytes()));
  }
  EXPECT_TRUE(reader.feed(as_bytes(tail)));
  const Result<TableMeta> meta = reader.finish();
  EXPECT_TRUE(meta) << (meta ? "" : meta.error().what());
  EXPECT_TRUE(meta && meta->row_count == growth.rows);
  return growth;
}

const std::string kHead =
    "<VOTABLE><RESOURCE type='results'><TABLE><FIELD name='id' datatype='long'/><FIELD name='ra' datatype='double'/>"
    "<FIELD name='name' datatype='char' arraysize='*'/><FIELD name='xy' datatype='double' arraysize='2'/><DATA>";
const std::string kTail = "</DATA></TABLE></RESOURCE></VOTABLE>";

TEST(VotableStreaming, AMillionTabledataRowsTakeNoMemory) {
  std::string piece;
  for (int i = 0; i < 1000; ++i) {
    piece += "<TR><TD>" + std::to_string(1'000'000 + i) + "</TD><TD>156.0" + std::to_string(i) +
             "</TD><TD>plate &amp; co " + std::to_string(i) + "</TD><TD>1.5 2.5</TD></TR>\n";
  }
  const Growth growth = stream(kHead + "<TABLEDATA>", piece, 1000, "</TABLEDATA>" + kTail);
  EXPECT_EQ(growth.rows, 1'000'000u);
  EXPECT_TRUE(kSanitized || growth.most < 30'000'000u) << growth.most;
}

TEST(VotableStreaming, AMillionBinaryRowsTakeNoMemory) {
  std::string rows;
  for (int i = 0; i < 3000; ++i)
    rows += std::string(16, '\1') + std::string("\0\0\0\5plate", 9) + std::string(16, '\2');
  const Growth growth = stream(kHead + "<BINARY><STREAM encoding='base64'>", test::base64(rows) + "\n", 334,
                               "</STREAM></BINARY>" + kTail);
  EXPECT_EQ(growth.rows, 1'002'000u);
  EXPECT_TRUE(kSanitized || growth.most < 30'000'000u) << growth.most;
}

TEST(VotableStreaming, RowsOfATableThatIsNotTheResultTakeNoMemoryEither) {
  const std::string piece(100'000, 'x');
  const Growth growth = stream("<VOTABLE><RESOURCE type='meta'><TABLE><FIELD name='a'/><DATA><TABLEDATA><TR><TD>",
                               piece, 1000, "</TD></TR></TABLEDATA>" + kTail);
  EXPECT_EQ(growth.rows, 0u);
  EXPECT_TRUE(kSanitized || growth.most < 30'000'000u) << growth.most;
}

}  // namespace
}  // namespace skymount::vo
