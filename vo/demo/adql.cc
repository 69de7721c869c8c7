// SPDX-License-Identifier: MIT
//
// From ADQL to SQLite's SQL, as far as they differ. Words are moved, never understood: SQLite judges the rest.
#include "vo/demo/tap_store.h"

#include <cctype>
#include <optional>

namespace skymount::demo {
namespace {

struct Token {
  enum class Kind { word, other } kind = Kind::other;
  std::string text;
};

bool is_word_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

/// Words with digits, quoted things with their quotes, blanks and symbols, comments dropped.
std::vector<Token> tokens_of(const std::string& text) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    std::size_t end = i + 1;
    Token token;
    if (c == '\'' || c == '"') {
      for (;; ++end) {
        if (end >= text.size()) throw QueryError{std::string("a ") + c + " is never closed"};
        if (text[end] != c) continue;
        if (end + 1 < text.size() && text[end + 1] == c)
          ++end;  // a doubled quote stands for itself
        else
          break;
      }
      ++end;
    } else if (text.compare(i, 2, "--") == 0) {
      i = std::min(text.size(), text.find('\n', i));
      continue;
    } else if (is_word_char(c)) {
      while (end < text.size() && is_word_char(text[end])) ++end;
      token.kind = Token::Kind::word;
    }
    token.text = text.substr(i, end - i);
    tokens.push_back(std::move(token));
    i = end;
  }
  return tokens;
}

/// One SELECT, with the brackets around it.
struct Level {
  std::optional<std::string> top, offset;
  bool after_select = false;

  std::string limit() const {
    if (!top && !offset) return {};
    return " LIMIT " + top.value_or("-1") + (offset ? " OFFSET " + *offset : "") + " ";
  }
};

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::string sqlite_from_adql(const std::string& adql) {
  const std::vector<Token> tokens = tokens_of(adql);
  std::vector<Level> levels(1);
  std::string out;
  const auto number_after = [&](std::size_t& i, const char* word) {
    while (++i < tokens.size() && tokens[i].text.find_first_not_of(" \t\r\n") == std::string::npos) {
    }
    if (i >= tokens.size() || !is_number(tokens[i].text)) throw QueryError{std::string(word) + " wants a number"};
    return tokens[i].text;
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.text == "(") levels.emplace_back();
    if (token.text == ")") {
      if (levels.size() == 1) throw QueryError{"a ) without its ("};
      out += levels.back().limit();
      levels.pop_back();
    }
    Level& level = levels.back();
    if (token.text == ";") throw QueryError{"syntax error at ';'"};
    if (token.kind == Token::Kind::word) {
      if (same_ignoring_case(token.text, "LIMIT")) throw QueryError{"syntax error at 'LIMIT': ADQL has TOP"};
      if (same_ignoring_case(token.text, "ILIKE")) throw QueryError{"ILIKE is not supported"};
      if (same_ignoring_case(token.text, "TOP") && level.after_select) {
        level.top = number_after(i, "TOP");
        continue;
      }
      if (same_ignoring_case(token.text, "OFFSET")) {
        level.offset = number_after(i, "OFFSET");
        continue;
      }
      const bool set = same_ignoring_case(token.text, "DISTINCT") || same_ignoring_case(token.text, "ALL");
      level.after_select = same_ignoring_case(token.text, "SELECT") || (level.after_select && set);
    } else if (token.text.find_first_not_of(" \t\r\n") != std::string::npos) {
      level.after_select = false;
    }
    out += token.text;
  }
  if (levels.size() != 1) throw QueryError{"a ( without its )"};
  return out + levels[0].limit();
}

}  // namespace skymount::demo
