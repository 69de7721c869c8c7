// SPDX-License-Identifier: MIT
#include "vo/votable/metadata.h"

#include "vo/votable/datatype.h"
#include "vo/votable/numbers.h"
#include "vo/votable/xml.h"

#include <algorithm>
#include <map>

namespace skymount::vo {
namespace {

constexpr std::string_view kServiceUtype = "adhoc:service";

template <class F>
void each_child(XmlElement parent, std::string_view name, F&& f) {
  for (XmlElement child = parent.first_child(); child; child = child.next_sibling()) {
    if (child.name() == name) f(child);
  }
}

std::string description_of(XmlElement element) {
  std::string out;
  each_child(element, "DESCRIPTION", [&](XmlElement d) {
    if (out.empty()) out = d.text();
  });
  return out;
}

/// OPTIONs may nest; only leaves and those with a value are choices.
void read_options(XmlElement parent, std::vector<Option>& out) {
  each_child(parent, "OPTION", [&](XmlElement option) {
    const auto value = option.attribute("value");
    std::string text = value ? *value : option.text();
    if (value || !text.empty()) out.push_back({option.text_of("name"), std::move(text)});
    read_options(option, out);
  });
}

Field read_field(XmlElement element) {
  Field field;
  field.id = element.text_of("ID");
  field.name = element.text_of("name");
  field.unit = element.text_of("unit");
  field.ucd = element.text_of("ucd");
  field.utype = element.text_of("utype");
  field.xtype = element.text_of("xtype");
  field.ref = element.text_of("ref");
  field.datatype_text = element.text_of("datatype");
  field.arraysize_text = element.text_of("arraysize");
  field.value = element.text_of("value");
  field.description = description_of(element);
  each_child(element, "VALUES", [&](XmlElement values) {
    if (const auto null = values.attribute("null")) field.null_text = null;
    each_child(values, "MIN", [&](XmlElement min) { field.min = min.text_of("value"); });
    each_child(values, "MAX", [&](XmlElement max) { field.max = max.text_of("value"); });
    read_options(values, field.options);
  });
  settle_type(field);
  return field;
}

Info read_info(XmlElement element) {
  return {element.text_of("ID"), element.text_of("name"), element.text_of("value"), element.text()};
}

bool is_status(XmlElement info) {
  return same_word(info.text_of("name"), "QUERY_STATUS");
}

/// PARAMs right below, then those in GROUPs at any depth.
void read_params(XmlElement parent, std::vector<Field>& out) {
  each_child(parent, "PARAM", [&](XmlElement param) { out.push_back(read_field(param)); });
  each_child(parent, "GROUP", [&](XmlElement group) { read_params(group, out); });
}

void read_inputs(XmlElement group, std::vector<Field>& out) {
  for (XmlElement child = group.first_child(); child; child = child.next_sibling()) {
    if (child.name() == "PARAM") out.push_back(read_field(child));
    if (child.name() == "GROUP") read_inputs(child, out);
  }
}

ServiceDescriptor read_service(XmlElement resource) {
  ServiceDescriptor service;
  service.id = resource.text_of("ID");
  service.name = resource.text_of("name");
  service.description = description_of(resource);
  each_child(resource, "PARAM", [&](XmlElement param) {
    const std::string name = param.text_of("name");
    const std::string value(trim(param.text_of("value")));
    if (same_word(name, "standardID")) service.standard_id = value;
    if (same_word(name, "accessURL")) service.access_url = value;
    if (same_word(name, "resourceIdentifier")) service.resource_identifier = value;
    if (same_word(name, "contentType")) service.content_type = value;
  });
  each_child(resource, "GROUP", [&](XmlElement group) {
    if (same_word(group.text_of("name"), "inputParams") || same_word(group.text_of("ID"), "inputParams")) {
      read_inputs(group, service.inputs);
    }
  });
  return service;
}

QueryStatus read_status(XmlElement info) {
  const std::string value = info.text_of("value");
  const std::string_view word = trim(value);
  QueryStatus status;
  if (same_word(word, "OK")) status.kind = QueryStatus::Kind::ok;
  if (same_word(word, "OVERFLOW")) status.kind = QueryStatus::Kind::overflow;
  if (same_word(word, "ERROR")) status.kind = QueryStatus::Kind::error;
  status.message = info.text();
  return status;
}

/// One walk over the document: finds the result table and its resources, statuses, services and tables by ID.
struct Survey {
  std::optional<std::size_t> wanted;
  std::size_t tables_seen = 0;
  std::vector<XmlElement> open;       ///< RESOURCEs around the element at hand
  std::vector<XmlElement> resources;  ///< around the result table, outermost first
  XmlElement table;
  std::map<std::string, XmlElement, std::less<>> tables_by_id;
  std::vector<XmlElement> data_resources;  ///< all that are not meta
  QueryStatus status, meta_status;
  std::vector<std::string> odd_statuses;
  std::string cone_error;  ///< Simple Cone Search 1.03, section 2.3: an INFO or PARAM called Error
  bool has_cone_error = false;
  std::vector<ServiceDescriptor> services;

  void visit(XmlElement element, bool meta);
  void visit_resource(XmlElement element, bool outer);
  void visit_word(XmlElement element, bool meta);
};

void Survey::visit(XmlElement element, bool meta) {
  for (XmlElement child = element.first_child(); child; child = child.next_sibling()) {
    const std::string_view name = child.name();
    if (name == "RESOURCE") {
      visit_resource(child, meta);
      continue;
    }
    if (name == "INFO" || name == "PARAM") visit_word(child, meta);
    if (name == "TABLE") {
      if (wanted == tables_seen++) {
        table = child;
        resources = open;
      }
      if (const auto id = child.attribute("ID")) tables_by_id.emplace(*id, child);
    }
    if (name == "TABLE" || name == "DATA" || name == "DEFINITIONS") visit(child, meta);
  }
}

void Survey::visit_resource(XmlElement element, bool outer) {
  const std::string utype = element.text_of("utype");
  const bool meta = is_meta_resource(element.text_of("type"), utype, outer);
  if (same_word(trim(utype), kServiceUtype)) services.push_back(read_service(element));
  if (!meta) data_resources.push_back(element);
  open.push_back(element);
  visit(element, meta);
  open.pop_back();
}

void Survey::visit_word(XmlElement element, bool meta) {
  if (element.name() == "INFO" && is_status(element)) {
    const QueryStatus found = read_status(element);
    if (found.kind == QueryStatus::Kind::absent) {
      odd_statuses.push_back("QUERY_STATUS is \"" + element.text_of("value") +
                             "\", which is none that the standard knows" +
                             (found.message.empty() ? "" : ": " + found.message));
    }
    if (found.kind != QueryStatus::Kind::absent) (meta ? meta_status : status) = found;  // the last one wins
  } else if (!meta && !has_cone_error &&
             (same_word(element.text_of("name"), "Error") || same_word(element.text_of("ID"), "Error"))) {
    has_cone_error = true;
    cone_error = element.text_of("value");
    if (cone_error.empty()) cone_error = element.text();
  }
}

void read_infos(XmlElement parent, std::vector<Info>& out) {
  for (XmlElement child = parent.first_child(); child; child = child.next_sibling()) {
    if (child.name() == "INFO" && !is_status(child)) out.push_back(read_info(child));
    if (child.name() == "DEFINITIONS" || child.name() == "DATA") read_infos(child, out);
  }
}

Result<void> read_fields(const Survey& survey, std::uint64_t most, std::vector<Field>& out) {
  XmlElement source = survey.table;
  // TABLE@ref borrows the columns of another table. Eight steps, because references may form a ring.
  for (int step = 0; step < 8; ++step) {
    std::size_t count = 0;
    each_child(source, "FIELD", [&](XmlElement) { ++count; });
    if (count > most) {
      return fail(Code::too_large,
                  "the table has " + std::to_string(count) + " columns, more than " + std::to_string(most));
    }
    each_child(source, "FIELD", [&](XmlElement field) { out.push_back(read_field(field)); });
    const auto found = survey.tables_by_id.find(source.text_of("ref"));
    if (!out.empty() || found == survey.tables_by_id.end()) break;
    source = found->second;
  }
  return {};
}

}  // namespace

bool is_meta_resource(std::string_view type, std::string_view utype, bool outer) {
  if (same_word(trim(utype), kServiceUtype) || same_word(trim(type), "meta")) return true;
  return outer && !same_word(trim(type), "results");
}

Result<TableMeta> read_metadata(std::string document, std::optional<std::size_t> table, std::uint64_t most_fields) {
  const Result<XmlTree> tree = XmlTree::parse(std::move(document));
  if (!tree) return fail(tree.error());
  Survey survey;
  survey.wanted = table;
  survey.visit(tree->root(), false);

  TableMeta meta;
  meta.services = std::move(survey.services);
  meta.status = survey.status.kind == QueryStatus::Kind::absent ? survey.meta_status : survey.status;
  if (meta.status.kind == QueryStatus::Kind::absent && survey.has_cone_error) {
    meta.status = {QueryStatus::Kind::error, survey.cone_error};
  }
  read_infos(tree->root(), meta.infos);
  // A few are told; who sends thousands has told enough.
  for (std::size_t i = 0; i < survey.odd_statuses.size() && i < 3; ++i) meta.oddities.push_back(survey.odd_statuses[i]);
  if (!survey.table) {
    for (const XmlElement resource : survey.data_resources) {
      read_infos(resource, meta.infos);
      read_params(resource, meta.params);
    }
    return meta;
  }
  meta.has_table = true;
  meta.table_name = survey.table.text_of("name");
  meta.description = description_of(survey.table);
  if (auto fields = read_fields(survey, most_fields, meta.fields); !fields) return fail(fields.error());
  read_params(survey.table, meta.params);
  for (auto resource = survey.resources.rbegin(); resource != survey.resources.rend(); ++resource) {
    read_params(*resource, meta.params);
  }
  for (const XmlElement resource : survey.resources) read_infos(resource, meta.infos);
  read_infos(survey.table, meta.infos);
  return meta;
}

}  // namespace skymount::vo
