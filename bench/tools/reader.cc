// SPDX-License-Identifier: MIT
//
// Reads a file in one of the ways that astronomers' programs do, and says how long it took: the same program against
// skymount, rclone and the local disk. Prints one line of JSON; times in seconds, from before the open.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace {

using Steady = std::chrono::steady_clock;
constexpr std::size_t kBlock = 2880;

double since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

int open_file(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) give_up(path);
  return fd;
}

std::uint64_t size_of(int fd) {
  struct stat about {};
  if (fstat(fd, &about) != 0) give_up("fstat");
  return static_cast<std::uint64_t>(about.st_size);
}

/// Every byte in order, in reads as cp does them, and their XXH3.
int hash_all(const char* path) {
  const auto start = Steady::now();
  const int fd = open_file(path);
  std::vector<char> piece(128 * 1024);
  XXH3_state_t* sum = XXH3_createState();
  XXH3_64bits_reset(sum);
  std::uint64_t bytes = 0;
  for (;;) {
    const ssize_t n = read(fd, piece.data(), piece.size());
    if (n < 0) give_up("read");
    if (n == 0) break;
    XXH3_64bits_update(sum, piece.data(), static_cast<std::size_t>(n));
    bytes += static_cast<std::uint64_t>(n);
  }
  close(fd);
  std::printf("{\"seconds\": %.6f, \"bytes\": %llu, \"xxh3\": \"%016llx\"}\n", since(start),
              static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(XXH3_64bits_digest(sum)));
  XXH3_freeState(sum);
  return 0;
}

/// A part of the file as ds9 maps it: open, map, close. The map stays.
struct Map {
  Map(const char* path, std::uint64_t from, std::uint64_t length) {
    const std::uint64_t page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const std::uint64_t start = from / page * page;
    length_ = length + (from - start);
    const int fd = open_file(path);
    base_ = mmap(nullptr, length_, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(start));
    if (base_ == MAP_FAILED) give_up("mmap");
    close(fd);
    data = static_cast<const unsigned char*>(base_) + (from - start);
  }
  ~Map() { munmap(base_, length_); }
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;
  const unsigned char* data = nullptr;

 private:
  void* base_ = nullptr;
  std::size_t length_ = 0;
};

/// Walks the header block by block, each opened and mapped anew. Returns where the data begin.
std::uint64_t walk_header(const char* path) {
  for (std::uint64_t at = 0;; at += kBlock) {
    const Map block(path, at, kBlock);
    for (std::size_t card = 0; card < kBlock; card += 80) {
      if (std::memcmp(block.data + card, "END     ", 8) == 0) return at + kBlock;
    }
  }
}

std::uint64_t stated_size(const char* path) {
  const int fd = open_file(path);
  const std::uint64_t size = size_of(fd);
  close(fd);
  return size;
}

/// The header, and with `scan` one map of all that follows and a look at every byte.
int as_ds9(const char* path, bool scan) {
  const auto start = Steady::now();
  const std::uint64_t size = stated_size(path);
  const std::uint64_t data_at = walk_header(path);
  const double header_seconds = since(start);
  std::uint64_t sum = 0;
  if (scan) {
    const Map pixels(path, data_at, size - data_at);
    for (std::uint64_t i = 0; i < size - data_at; ++i) sum += pixels.data[i];
  }
  std::printf("{\"seconds\": %.6f, \"header_seconds\": %.6f, \"bytes\": %llu, \"sum\": %llu}\n", since(start),
              header_seconds, static_cast<unsigned long long>(scan ? size : data_at),
              static_cast<unsigned long long>(sum));
  return 0;
}

/// `count` reads of `length` bytes at places that the seed decides.
int random_reads(const char* path, unsigned count, std::size_t length, unsigned seed) {
  const auto start = Steady::now();
  const int fd = open_file(path);
  const std::uint64_t size = size_of(fd);
  const double open_seconds = since(start);
  std::mt19937_64 random(seed);
  std::vector<char> piece(length);
  std::vector<double> each;
  XXH3_state_t* sum = XXH3_createState();
  XXH3_64bits_reset(sum);
  for (unsigned i = 0; i < count; ++i) {
    const auto at = static_cast<off_t>(random() % (size - length));
    const auto begin = Steady::now();
    for (std::size_t done = 0; done < length;) {
      const ssize_t n = pread(fd, piece.data() + done, length - done, at + static_cast<off_t>(done));
      if (n <= 0) give_up("pread");
      done += static_cast<std::size_t>(n);
    }
    each.push_back(since(begin));
    XXH3_64bits_update(sum, piece.data(), length);
  }
  const double total = since(start);
  close(fd);
  std::nth_element(each.begin(), each.begin() + each.size() / 2, each.end());
  std::printf(
      "{\"seconds\": %.6f, \"open_seconds\": %.6f, \"median_read_seconds\": %.6f, \"bytes\": %llu, \"xxh3\": "
      "\"%016llx\"}\n",
      total, open_seconds, each[each.size() / 2], static_cast<unsigned long long>(count) * length,
      static_cast<unsigned long long>(XXH3_64bits_digest(sum)));
  XXH3_freeState(sum);
  return 0;
}

/// Open and the first block of the header.
int first_bytes(const char* path) {
  const auto start = Steady::now();
  const int fd = open_file(path);
  char block[kBlock];
  if (read(fd, block, sizeof block) != static_cast<ssize_t>(sizeof block)) give_up("read");
  std::printf("{\"seconds\": %.6f, \"bytes\": %zu}\n", since(start), sizeof block);
  close(fd);
  return 0;
}

int usage() {
  std::fprintf(stderr,
               "usage: reader hash FILE | header FILE | scan FILE | first FILE | random FILE COUNT BYTES SEED\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return usage();
  const std::string how = argv[1];
  if (how == "hash") return hash_all(argv[2]);
  if (how == "header") return as_ds9(argv[2], false);
  if (how == "scan") return as_ds9(argv[2], true);
  if (how == "first") return first_bytes(argv[2]);
  if (how == "random" && argc == 6) {
    return random_reads(argv[2], static_cast<unsigned>(std::atoi(argv[3])), std::strtoull(argv[4], nullptr, 10),
                        static_cast<unsigned>(std::atoi(argv[5])));
  }
  return usage();
}
