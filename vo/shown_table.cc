// SPDX-License-Identifier: MIT
#include "vo/shown_table.h"

#include "cache/base/hidden_words.h"
#include "cache/base/text.h"
#include "vo/http/redact.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace skymount::vo {
namespace {

constexpr std::string_view kBlank = "***";

/// Whether a text can hold what redact_text() looks for. Most cells of a table cannot, and it is slow.
bool may_hold_secrets(std::string_view text) {
  if (text.starts_with("ivo://")) return false;
  const std::size_t sign = text.find_first_of("=@");
  return sign != std::string_view::npos || text.find(": ") != std::string_view::npos ||
         lower(text.substr(0, std::min<std::size_t>(text.size(), 200))).find("bearer") != std::string::npos;
}

void show(std::string& text) {
  text = may_hold_secrets(text) ? redact_text(text) : without_hidden_words(text);
}

void show(Value& value, bool secret) {
  if (auto* text = std::get_if<std::string>(&value)) {
    if (secret && !text->empty()) {
      *text = kBlank;
    } else {
      show(*text);
    }
  } else if (auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    for (std::string& one : *texts) show(one);
    if (secret) *texts = {};
  }
}

void show(std::initializer_list<std::string*> texts) {
  for (std::string* text : texts) *text = without_hidden_words(*text);
}

/// What describes a column or a parameter.
void show_about(Field& field) {
  show({&field.id, &field.name, &field.unit, &field.ucd, &field.utype, &field.xtype, &field.ref, &field.description,
        &field.datatype_text, &field.arraysize_text, &field.min, &field.max});
  for (Option& option : field.options) show({&option.name, &option.value});
  if (field.null_text) show({&*field.null_text});
}

void show(Field& param) {
  show_about(param);
  if (names_a_secret(param.name) && !param.value.empty()) {
    param.value = kBlank;
  } else {
    show(param.value);
  }
}

}  // namespace

Showing showing_of(const Table& table) {
  Showing out{table.meta, {}};
  std::vector<bool> secret;
  for (const Field& field : out.meta.fields) secret.push_back(names_a_secret(field.name));
  show({&out.meta.table_name, &out.meta.description});
  for (Field& field : out.meta.fields) show_about(field);
  for (Field& param : out.meta.params) show(param);
  for (Info& info : out.meta.infos) {
    show({&info.id, &info.name});
    show(info.value);
    show(info.text);
    if (names_a_secret(info.name) && !info.value.empty()) info.value = kBlank;
  }
  show(out.meta.status.message);
  for (ServiceDescriptor& service : out.meta.services) {
    show({&service.id, &service.name, &service.description, &service.standard_id, &service.resource_identifier,
          &service.content_type});
    show(service.access_url);
    for (Field& input : service.inputs) show(input);
  }
  out.row = [secret = std::move(secret)](Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i) show(row[i], i < secret.size() && secret[i]);
  };
  return out;
}

}  // namespace skymount::vo
