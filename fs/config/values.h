// SPDX-License-Identifier: MIT
//
// Settings to values: units, bounds, choices. Each reader leaves the target alone when the key is absent, and remembers
// the first mistake; ask result() once at the end.
#pragma once

#include "fs/config/document.h"
#include "vo/archive_options.h"

#include <chrono>
#include <initializer_list>
#include <optional>

namespace skymount::fs {

/// "50 GB" (powers of 1000), "256 MiB" (powers of 1024), "1000 B" to bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
/// "1 d", "10 min", "2 h", "30 s", "500 ms", "1 w"; a unit is needed.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

class SettingReader {
 public:
  explicit SettingReader(const Settings& settings) : settings_(settings) {}

  const Setting* find(const std::string& name) const;

  void text(const std::string& name, std::string& out);
  void texts(const std::string& name, std::vector<std::string>& out);
  void choice(const std::string& name, std::initializer_list<std::string_view> allowed, std::string& out);
  void flag(const std::string& name, bool& out);
  /// A whole number in [low, high].
  void whole(const std::string& name, std::uint64_t low, std::uint64_t high, std::uint64_t& out);
  /// A finite number in [low, high].
  void number(const std::string& name, double low, double high, double& out);
  /// Seconds as a number, at least a millisecond and at most a day: what [limits] speaks.
  void seconds(const std::string& name, std::chrono::milliseconds& out);
  void duration(const std::string& name, std::chrono::milliseconds& out);
  /// One http or https URL without a password in it, or a list of them.
  void urls(const std::string& name, std::vector<std::string>& out);
  /// A size with unit, or a whole number of bytes.
  void size(const std::string& name, std::uint64_t& out);
  /// An angle with or without unit; degrees.
  void angle(const std::string& name, double& out);
  /// An http or https URL without a password in it.
  void url(const std::string& name, std::string& out);

  /// Remembers a mistake unless there is one already.
  void mistake(const Setting& setting, Code code, const std::string& words);
  Result<void> result() const;

 private:
  void wrong_kind(const Setting& setting, const std::string& wanted);
  bool good_url(const Setting& setting, const std::string& value);

  const Settings& settings_;
  std::optional<Error> first_;
};

/// The keys of [ttl], which both kinds of file have.
void read_lifetimes(SettingReader& read, vo::Lifetimes& out);

}  // namespace skymount::fs
