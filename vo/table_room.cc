// SPDX-License-Identifier: MIT
#include "vo/table_room.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace skymount::vo {
namespace {

/// Turns of one size. A table takes them in ascending order and never waits for a smaller one, so that nobody can wait
/// in a ring.
class Turns {
 public:
  explicit Turns(unsigned free) : free_(free) {}

  std::shared_ptr<void> take(const FetchContext& ctx, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    const auto until = std::min(ctx.deadline, FetchContext::Steady::now() + patience);
    if (!changed_.wait_until(lock, ctx.stop, until, [&] { return free_ > 0; })) return nullptr;
    --free_;
    return {this, [](void* turns) { static_cast<Turns*>(turns)->give_back(); }};
  }

 private:
  void give_back() {
    {
      std::lock_guard lock(mutex_);
      ++free_;
    }
    changed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  unsigned free_;
};

struct Size {
  std::uint64_t bytes;
  Turns& turns;
};

/// 4 MB: a few thousand rows of ObsCore, which all archives' threads may hold at once. 16 MB: 40,000 rows, as many as
/// are usual; four of them weigh as much as the one that may be larger.
const std::array<Size, 2>& sizes() {
  static Turns middle(4), large(1);
  static const std::array<Size, 2> all{Size{4 << 20, middle}, Size{16 << 20, large}};
  return all;
}

/// A caller waits for a minute by default; what others hold up shall not take all of it.
constexpr std::chrono::seconds kPatience{20};

/// Of a text as XML writes it at worst: "&quot;" for one byte.
std::uint64_t written(std::string_view text) {
  std::uint64_t bytes = text.size();
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&' || c == '"') bytes += 5;
  }
  return bytes;
}

std::uint64_t cell_bytes(const Value& value) {
  struct Bytes {
    std::uint64_t operator()(std::monostate) const { return 0; }
    std::uint64_t operator()(bool) const { return 1; }
    std::uint64_t operator()(std::int64_t) const { return 10; }
    std::uint64_t operator()(double) const { return 18; }
    std::uint64_t operator()(const std::string& text) const { return written(text); }
    std::uint64_t operator()(const std::vector<std::int64_t>& list) const { return 10 * list.size(); }
    std::uint64_t operator()(const std::vector<double>& list) const { return 18 * list.size(); }
    std::uint64_t operator()(const std::vector<std::string>& list) const {
      std::uint64_t sum = 0;
      for (const std::string& one : list) sum += written(one) + 4;
      return sum;
    }
  };
  return std::visit(Bytes{}, value);
}

/// Where a character begins at or before `at`.
std::size_t character_start(std::string_view text, std::size_t at) {
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

}  // namespace

std::uint64_t weight_of(const Row& row, const std::vector<std::size_t>& identity_columns) {
  // 9: <TD></TD>.
  std::uint64_t bytes = 9 * row.size();
  for (const Value& value : row) bytes += cell_bytes(value);
  // A dataset's names, keys and URL are copies of cells. 512: what is usual and counted by vo::weight().
  for (const std::size_t column : identity_columns) {
    const std::uint64_t own = column < row.size() ? cell_bytes(row[column]) : 0;
    if (own > 512) bytes += 3 * own;
  }
  return bytes;
}

std::optional<Row> shortened(const Row& row, const std::vector<std::size_t>& identity_columns) {
  const auto is_long = [](const Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    return (text != nullptr ? text->size() : cell_bytes(value)) > kLongestCell;
  };
  if (std::none_of(row.begin(), row.end(), is_long)) return std::nullopt;
  Row out;
  out.reserve(row.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto* text = std::get_if<std::string>(&row[i]);
    const bool identity = std::find(identity_columns.begin(), identity_columns.end(), i) != identity_columns.end();
    if (!is_long(row[i])) {
      out.push_back(row[i]);
    } else if (text == nullptr || identity) {
      out.emplace_back();
    } else {
      out.emplace_back(text->substr(0, character_start(*text, std::min(kLongestCell, text->size() - 1))) + "...");
    }
  }
  return out;
}

TableRoom::Verdict TableRoom::grow(std::uint64_t bytes, const FetchContext& ctx) {
  if (bytes_ + bytes > most_) return Verdict::full;
  while (turns_.size() < sizes().size() && bytes_ + bytes > sizes()[turns_.size()].bytes) {
    std::shared_ptr<void> turn = sizes()[turns_.size()].turns.take(ctx, kPatience);
    if (!turn) return Verdict::crowded;
    turns_.push_back(std::move(turn));
  }
  bytes_ += bytes;
  return Verdict::ok;
}

}  // namespace skymount::vo
