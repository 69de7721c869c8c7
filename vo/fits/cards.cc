// SPDX-License-Identifier: MIT
#include "vo/fits/cards.h"

#include "vo/fits/header_scan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace skymount::vo {
namespace {

constexpr std::size_t kCard = 80;
constexpr std::size_t kValueFrom = 10, kFixedEnd = 30;  // FITS 4.0 section 4.2: fixed format

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool has_value(const Card& card) {
  return card.size() == kCard && card.compare(8, 2, "= ") == 0;
}

/// From the slash on; empty when there is no comment. Only for cards whose value is no string.
std::string_view comment_of(const Card& card) {
  const std::size_t slash = card.find('/', kValueFrom);
  return slash == std::string::npos ? std::string_view() : std::string_view(card).substr(slash);
}

Card assembled(std::string_view key, std::string_view number, std::string_view comment) {
  std::string out(key);
  out.resize(8, ' ');
  out += "= ";
  const std::size_t width = kFixedEnd - kValueFrom;
  if (number.size() < width) out.append(width - number.size(), ' ');
  out += number;
  if (!comment.empty()) {
    out += ' ';
    out += comment;
  }
  out.resize(kCard, ' ');
  return out;
}

}  // namespace

std::vector<Card> cards_of(ByteView header) {
  const std::string_view text = as_text(header);
  std::vector<Card> out;
  for (std::size_t at = 0; at + kCard <= text.size(); at += kCard) {
    const std::string_view card = text.substr(at, kCard);
    if (card.starts_with("END     ")) break;
    out.emplace_back(card);
  }
  return out;
}

Bytes header_of(const std::vector<Card>& cards) {
  std::string text;
  for (const Card& card : cards) text += card;
  text += "END";
  text.resize((text.size() + kFitsBlock - 1) / kFitsBlock * kFitsBlock, ' ');
  return to_bytes(text);
}

std::string_view keyword(const Card& card) {
  const std::string_view text(card);
  if (text.starts_with("HIERARCH ")) return trimmed(text.substr(0, std::min(text.find('='), text.size())));
  return trimmed(text.substr(0, 8));
}

std::optional<std::string> value_text(const Card& card) {
  if (!has_value(card)) return std::nullopt;
  const std::string_view rest = trimmed(std::string_view(card).substr(kValueFrom));
  if (!rest.starts_with('\'')) return std::string(trimmed(rest.substr(0, std::min(rest.find('/'), rest.size()))));
  std::string out;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '\'') {
      if (i + 1 >= rest.size() || rest[i + 1] != '\'') break;
      ++i;
    }
    out += rest[i];
  }
  return std::string(trimmed(out));
}

std::optional<std::int64_t> integer_value(const Card& card) {
  const auto text = value_text(card);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const char* first = text->data() + (text->starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(first, text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::optional<double> real_value(const Card& card) {
  auto text = value_text(card);
  if (!text) return std::nullopt;
  std::replace(text->begin(), text->end(), 'D', 'E');
  std::replace(text->begin(), text->end(), 'd', 'e');
  double value = 0;
  const char* first = text->data() + (text->starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(first, text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

const Card* find_card(const std::vector<Card>& cards, std::string_view key) {
  const auto it = std::find_if(cards.begin(), cards.end(), [&](const Card& card) { return keyword(card) == key; });
  return it == cards.end() ? nullptr : &*it;
}

Card with_number(const Card& card, std::int64_t value) {
  return assembled(keyword(card), std::to_string(value), comment_of(card));
}

namespace {

std::string text_of(double value) {
  std::array<char, 40> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text(buffer.data(), error == std::errc() ? end : buffer.data());
  std::replace(text.begin(), text.end(), 'e', 'E');
  // A real number has a point or an exponent; "12" would be read as an integer.
  if (text.find_first_of(".E") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

Card with_number(const Card& card, double value) {
  return assembled(keyword(card), text_of(value), comment_of(card));
}

Card make_card(std::string_view key, double value) {
  return assembled(key, text_of(value), "");
}

void add_history(std::vector<Card>& cards, std::string_view text) {
  constexpr std::size_t kRoom = kCard - 8;
  do {
    std::string card = "HISTORY " + std::string(text.substr(0, kRoom));
    for (char& c : card) c = c >= ' ' && c <= '~' ? c : '?';
    card.resize(kCard, ' ');
    cards.push_back(std::move(card));
    text.remove_prefix(std::min(kRoom, text.size()));
  } while (!text.empty());
}

}  // namespace skymount::vo
