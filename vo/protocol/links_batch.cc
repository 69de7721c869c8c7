// SPDX-License-Identifier: MIT
#include "vo/protocol/links_batch.h"

#include "vo/protocol/dali.h"

#include <algorithm>
#include <optional>
#include <set>

namespace skymount::vo {
namespace {

/// What different spellings of one ID have in common.
std::string folded(std::string_view id) {
  std::string text = lower(trim(percent_decode(id).value_or(std::string(id))));
  if (text.starts_with("uid://")) {
    for (char& c : text) {
      if (c == ':' || c == '/') c = '_';
    }
  }
  return text;
}

/// Finds the asked ID that a row means.
class Ids {
 public:
  explicit Ids(const std::vector<std::string>& ids) : exact_(ids.begin(), ids.end()) {
    for (const std::string& id : exact_) {
      const auto [place, is_new] = folded_.emplace(folded(id), id);
      if (!is_new) place->second.reset();  // two of the asked would be meant
    }
  }

  std::optional<std::string> meant_by(const std::string& id) const {
    if (exact_.contains(id)) return id;
    const auto it = folded_.find(folded(id));
    return it == folded_.end() ? std::nullopt : it->second;
  }

 private:
  std::set<std::string> exact_;
  std::map<std::string, std::optional<std::string>> folded_;
};

/// Whether a descriptor that no row refers to may be about `id`: its ID is open, filled from the row, or this very one.
bool may_serve(const ServiceDescriptor& service, const std::string& id) {
  return std::all_of(service.inputs.begin(), service.inputs.end(), [&](const Field& input) {
    return !same_word(input.name, "ID") || !input.ref.empty() || input.value.empty() ||
           folded(input.value) == folded(id);
  });
}

/// The part of an answer that belongs to one ID.
LinksAnswer part_of(const LinksAnswer& whole, const std::vector<std::size_t>& rows, const std::string& id,
                    const std::set<std::string>& referred) {
  LinksAnswer part;
  std::set<std::string> own;
  for (const std::size_t i : rows) {
    Link link = whole.links[i];
    if (!link.service_def.empty()) own.insert(link.service_def);
    part.table.append(whole.table.row(link.row));
    link.row = static_cast<std::uint32_t>(part.links.size());
    part.links.push_back(std::move(link));
  }
  const TableMeta& meta = whole.table.meta;
  part.table.meta.table_name = meta.table_name;
  part.table.meta.description = meta.description;
  part.table.meta.fields = meta.fields;
  part.table.meta.params = meta.params;
  part.table.meta.has_table = meta.has_table;
  // The answer as a whole may have been cut off; what is here is all that there is of this one.
  part.table.meta.status = {QueryStatus::Kind::ok, {}};
  part.table.meta.row_count = rows.size();
  for (const ServiceDescriptor& service : meta.services) {
    const bool wanted = own.contains(service.id) || (!referred.contains(service.id) && may_serve(service, id));
    if (wanted) part.table.meta.services.push_back(service);
  }
  return part;
}

}  // namespace

LinksQuestion links_question(const Url& url) {
  LinksQuestion question{url, {}, {}, {}};
  const std::string& text = url.text();
  const std::size_t at = text.find('?');
  if (at == std::string::npos) return question;
  std::string rest;
  unsigned found = 0;
  // A value may hold a raw '?' of its own (ESO): only '&' parts parameters.
  std::string_view query = std::string_view(text).substr(at + 1);
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.size() > 3 && same_word(pair.substr(0, 3), "ID=")) {
      ++found;
      question.id_text = pair.substr(3);
    } else if (!pair.empty()) {
      rest.append(rest.empty() ? "" : "&").append(pair);
    }
  }
  const Result<std::string> id = percent_decode(question.id_text);
  if (found != 1 || !id) return {url, {}, {}, {}};
  question.id = *id;
  question.service = text.substr(0, at + 1) + rest;
  return question;
}

Result<Url> links_url(const std::string& service, const std::vector<std::string>& id_texts) {
  std::string text = service;
  for (const std::string& id : id_texts) {
    if (text.back() != '?') text += '&';
    text += "ID=" + id;
  }
  return Url::parse(text);
}

std::map<std::string, LinksAnswer> split_links(const LinksAnswer& answer, const std::vector<std::string>& ids) {
  const Ids asked(ids);
  std::map<std::string, std::vector<std::size_t>> rows;
  std::set<std::string> referred;
  for (std::size_t i = 0; i < answer.links.size(); ++i) {
    if (!answer.links[i].service_def.empty()) referred.insert(answer.links[i].service_def);
    if (const std::optional<std::string> id = asked.meant_by(answer.links[i].id)) rows[*id].push_back(i);
  }
  std::map<std::string, LinksAnswer> out;
  for (const auto& [id, own] : rows) out.emplace(id, part_of(answer, own, id, referred));
  return out;
}

std::optional<LinksAnswer> without_strangers(const LinksAnswer& answer, const std::string& id) {
  if (id.empty()) return std::nullopt;
  std::map<std::string, LinksAnswer> parts = split_links(answer, {id});
  const auto own = parts.find(id);
  if (own == parts.end() || own->second.links.size() == answer.links.size()) return std::nullopt;
  own->second.overflow = answer.overflow;
  own->second.failure = answer.failure;
  return std::move(own->second);
}

}  // namespace skymount::vo
