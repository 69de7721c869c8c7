// SPDX-License-Identifier: MIT
#include "vo/fits/worker/window.h"

#include <fitsio.h>
extern "C" {  // cfitsio's inner header does not say so itself
#include <fitsio2.h>
}

#include <algorithm>
#include <cstring>
#include <string>

namespace skymount::vo {
namespace {

constexpr std::uint64_t kBlock = 2880;
// What is not fetched ahead comes in such pieces: descriptors and headers are small and lie together.
constexpr std::uint64_t kPiece = 64 * 1024;
constexpr std::uint64_t kJoin = 64 * 1024;
constexpr std::uint64_t kHeldAhead = 6 * 1024 * 1024;

Window* current = nullptr;
std::uint64_t position = 0;

const std::string& stub() {
  static const std::string text = [] {
    std::string out;
    for (std::string card : {"SIMPLE  =                    T", "BITPIX  =                    8",
                             "NAXIS   =                    0", "EXTEND  =                    T", "END"}) {
      card.resize(80, ' ');
      out += card;
    }
    out.resize(Window::kStub, ' ');
    return out;
  }();
  return text;
}

int get_version(int* version) {
  *version = 1;
  return 0;
}
int open_window(char*, int mode, int* handle) {
  if (mode != READONLY || current == nullptr) return FILE_NOT_OPENED;
  *handle = 0;
  position = 0;
  return 0;
}
int close_window(int) {
  return 0;
}
int size_of_window(int, LONGLONG* size) {
  *size = static_cast<LONGLONG>(current->size());
  return 0;
}
int flush_window(int) {
  return 0;
}
int seek_window(int, LONGLONG offset) {
  if (offset < 0) return SEEK_ERROR;
  position = static_cast<std::uint64_t>(offset);
  return 0;
}
int read_window(int, void* buffer, long count) {
  if (count < 0) return READ_ERROR;
  const auto length = static_cast<std::size_t>(count);
  if (!current->read(position, std::span(static_cast<std::byte*>(buffer), length))) return END_OF_FILE;
  position += length;
  return 0;
}

}  // namespace

bool Window::register_driver() {
  char prefix[] = "window://";
  return fits_register_driver(prefix, nullptr, nullptr, nullptr, nullptr, &get_version, nullptr, &open_window, nullptr,
                              nullptr, &close_window, nullptr, &size_of_window, &flush_window, &seek_window,
                              &read_window, nullptr) == 0;
}

Window::Window(Channel& channel, std::uint64_t unit_bytes) : channel_(channel), unit_bytes_(unit_bytes) {
  current = this;
}

Window::~Window() {
  current = nullptr;
}

std::uint64_t Window::size() const {
  return kStub + (unit_bytes_ + kBlock - 1) / kBlock * kBlock;
}

const Window::Held* Window::holding(std::uint64_t offset) const {
  const auto holds = [&](const Held& held) { return offset >= held.range.offset && offset < held.range.end(); };
  for (const Held& held : ahead_) {
    if (holds(held)) return &held;
  }
  return holds(last_) ? &last_ : nullptr;
}

bool Window::read(std::uint64_t offset, std::span<std::byte> out) {
  if (offset > size() || out.size() > size() - offset) return false;
  while (!out.empty()) {
    std::size_t count = 0;
    if (offset < kStub) {
      count = std::min<std::size_t>(out.size(), kStub - offset);
      std::memcpy(out.data(), stub().data() + offset, count);
    } else if (const std::uint64_t at = offset - kStub; at >= unit_bytes_) {  // padding that the file left out
      count = out.size();
      std::fill(out.begin(), out.end(), std::byte{0});
    } else {
      const Held* held = holding(at);
      if (held == nullptr && go_on(at)) held = holding(at);
      if (held == nullptr) {
        const std::uint64_t wanted = std::clamp<std::uint64_t>(out.size(), kPiece, kMostWanted);
        const ByteRange range{at, std::min(wanted, unit_bytes_ - at)};
        last_ = {};
        last_ = {range, channel_.want(range)};
        held = &last_;
      }
      count = std::min<std::size_t>(out.size(), held->range.end() - at);
      std::memcpy(out.data(), held->bytes.data() + (at - held->range.offset), count);
    }
    out = out.subspan(count);
    offset += count;
  }
  return true;
}

void Window::fetch_ahead(std::vector<ByteRange> ranges) {
  ahead_.clear();
  std::sort(ranges.begin(), ranges.end(), [](const ByteRange& a, const ByteRange& b) { return a.offset < b.offset; });
  std::vector<ByteRange> joined;
  for (ByteRange range : ranges) {
    range = range.intersection({kStub, unit_bytes_});
    if (range.empty()) continue;
    range.offset -= kStub;
    if (!joined.empty() && range.offset <= joined.back().end() + kJoin &&
        std::max(range.end(), joined.back().end()) - joined.back().offset <= kMostWanted) {
      joined.back().length = std::max(range.end(), joined.back().end()) - joined.back().offset;
    } else if (range.length <= kMostWanted) {
      joined.push_back(range);
    }
  }
  planned_ = std::move(joined);
  next_planned_ = 0;
  fetch_planned();
}

bool Window::go_on(std::uint64_t offset) {
  // Only onwards: what was fetched before is not fetched again as a whole because of one read.
  for (std::size_t i = next_planned_; i < planned_.size() && planned_[i].offset <= offset; ++i) {
    if (offset >= planned_[i].end()) continue;
    next_planned_ = i;
    fetch_planned();
    return true;
  }
  return false;
}

void Window::fetch_planned() {
  ahead_.clear();
  std::uint64_t held = 0;
  while (next_planned_ < planned_.size() && held < kHeldAhead) {
    std::vector<ByteRange> some;
    std::uint64_t bytes = 0;
    while (next_planned_ < planned_.size() && bytes + planned_[next_planned_].length <= kMostWanted) {
      bytes += planned_[next_planned_].length;
      some.push_back(planned_[next_planned_++]);
    }
    std::vector<Bytes> came = channel_.want(some);
    for (std::size_t k = 0; k < some.size(); ++k) ahead_.push_back({some[k], std::move(came[k])});
    held += bytes;
  }
}

}  // namespace skymount::vo
