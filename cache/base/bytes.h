// SPDX-License-Identifier: MIT
//
// Raw bytes: owned, viewed, and shared between a cache and the replies that are still being written from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skymount {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

/// A view together with whatever keeps it alive. Cheap to copy; safe to hand to another thread.
class SharedBytes {
 public:
  SharedBytes() = default;
  explicit SharedBytes(Bytes bytes) {
    auto owned = std::make_shared<const Bytes>(std::move(bytes));
    view_ = *owned;
    owner_ = std::move(owned);
  }
  SharedBytes(std::shared_ptr<const void> owner, ByteView view) : owner_(std::move(owner)), view_(view) {}
  ByteView view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  /// The part [offset, offset + length), clipped to what there is.
  SharedBytes part(std::size_t offset, std::size_t length) const {
    if (offset > view_.size()) offset = view_.size();
    if (length > view_.size() - offset) length = view_.size() - offset;
    return {owner_, view_.subspan(offset, length)};
  }

 private:
  std::shared_ptr<const void> owner_;
  ByteView view_;
};

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline Bytes to_bytes(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

inline namespace literals {
constexpr std::uint64_t operator""_KiB(unsigned long long n) { return n << 10; }
constexpr std::uint64_t operator""_MiB(unsigned long long n) { return n << 20; }
constexpr std::uint64_t operator""_GiB(unsigned long long n) { return n << 30; }
}  // namespace literals

}  // namespace skymount
