// SPDX-License-Identifier: MIT
//
// Reads a VOTable with vo/votable as a mount would, in pieces as they come from a socket, decodes every cell and prints
// a sum for each column of numbers and the total length of each column of text; bench/rows/votable_sums.py prints the
// same with astropy. The last lines: rows, seconds and how much the resident memory grew.
#include "vo/votable/reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace skymount;

/// VmHWM or VmRSS of this process, in KiB.
long memory_kib(const char* which) {
  std::FILE* status = std::fopen("/proc/self/status", "re");
  char line[256];
  long kib = 0;
  while (status != nullptr && std::fgets(line, sizeof line, status) != nullptr) {
    if (std::strncmp(line, which, std::strlen(which)) == 0) std::sscanf(line + std::strlen(which) + 1, "%ld", &kib);
  }
  if (status != nullptr) std::fclose(status);
  return kib;
}

struct Column {
  double sum = 0;
  std::uint64_t cells = 0;  ///< that are not null
};

void add(Column& column, const vo::Value& value) {
  if (vo::is_null(value)) return;
  ++column.cells;
  if (const auto* flag = std::get_if<bool>(&value)) {
    column.sum += *flag ? 1 : 0;
  } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    column.sum += static_cast<double>(*whole);
  } else if (const auto* real = std::get_if<double>(&value)) {
    column.sum += *real;
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    column.sum += static_cast<double>(text->size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) {
    std::fprintf(stderr, "usage: votable_sums FILE\n");
    return 2;
  }
  const auto start = std::chrono::steady_clock::now();
  const long before = memory_kib("VmRSS");
  std::vector<Column> columns;
  std::vector<std::string> names;
  vo::VotableReader reader(
      [&](const vo::TableMeta& meta) -> Result<void> {
        columns.resize(meta.fields.size());
        for (const vo::Field& field : meta.fields) names.push_back(field.name);
        return {};
      },
      [&](const vo::Row& row) -> Result<void> {
        for (std::size_t i = 0; i < row.size(); ++i) add(columns[i], row[i]);
        return {};
      });
  std::vector<std::byte> piece(64 * 1024);
  for (ssize_t n = 0; (n = read(fd, piece.data(), piece.size())) > 0;) {
    if (const auto fed = reader.feed(ByteView(piece.data(), static_cast<std::size_t>(n))); !fed) {
      std::fprintf(stderr, "votable_sums: %s\n", fed.error().what().c_str());
      return 1;
    }
  }
  close(fd);
  const auto meta = reader.finish();
  if (!meta) {
    std::fprintf(stderr, "votable_sums: %s\n", meta.error().what().c_str());
    return 1;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::printf("%s %llu %.9e\n", names[i].c_str(), static_cast<unsigned long long>(columns[i].cells), columns[i].sum);
  }
  std::printf("rows %llu\nseconds %.6f\ngrown_kib %ld\n", static_cast<unsigned long long>(meta->row_count), seconds,
              memory_kib("VmHWM") - before);
  return 0;
}
