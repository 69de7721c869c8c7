// SPDX-License-Identifier: MIT
//
// IVOA DataLink 1.1: the links of a dataset, its faults as rows, and a SODA service descriptor a dataset.
// "ID#calibration" is the nested links document of a plate.
#include "vo/demo/services.h"

#include <algorithm>

namespace skymount::demo {
namespace {

constexpr const char* kContentType = "application/x-votable+xml;content=datalink";
constexpr std::string_view kNested = "#calibration";

std::vector<Field> link_fields() {
  const auto field = [](const char* name, const char* type, const char* ucd, const char* unit = "") {
    return Field{name, type, unit, ucd, "", "", "", ""};
  };
  std::vector<Field> fields = {
      field("ID", "char", "meta.id;meta.main"),
      field("access_url", "char", "meta.ref.url"),
      field("service_def", "char", "meta.ref"),
      field("error_message", "char", "meta.code.error"),
      field("description", "unicodeChar", "meta.note"),
      field("semantics", "char", "meta.code"),
      field("content_type", "char", "meta.code.mime"),
      field("content_length", "long", "phys.size;meta.file", "byte"),
      field("content_qualifier", "char", ""),
      field("local_semantics", "char", "meta.id.assoc"),
      field("link_auth", "char", "meta.code"),
      field("link_authorized", "boolean", "meta.code"),
      field("soda_token", "char", ""),
  };
  fields.back().id = "col_token";
  return fields;
}

struct Link {
  std::string id, url, service, error, description, semantics, type;
  Cell length{};
  std::string qualifier{}, local{}, auth = "false";
  std::int64_t authorized = 1;
  std::string token{};

  Row row() const {
    const auto text = [](const std::string& value) { return value.empty() ? Cell() : Cell(value); };
    return {id,     text(url),       text(service), text(error), text(description), semantics,  text(type),
            length, text(qualifier), text(local),   text(auth),  authorized,        text(token)};
  }
};

/// The links of all IDs of one request, and the descriptors that they refer to.
class Answer {
 public:
  explicit Answer(const Services& services) : services_(services) {}

  void add(const std::string& id);
  std::string document(const std::vector<Info>& trailing) const;

 private:
  void add_dataset(const std::string& id, const Dataset& dataset);
  void add_calibration(const std::string& id, const Dataset& dataset);
  void add_cutout(const std::string& id, const Dataset& dataset);
  void add_error(const std::string& id, const std::string& semantics, const std::string& message);
  void add_file(const std::string& id, const std::string& semantics, const std::string& path,
                const std::string& description, const std::string& local, Cell length);
  std::string term(std::string semantics) const {
    return full_uris_ ? "http://www.ivoa.net/rdf/datalink/core" + semantics : semantics;
  }
  Cell exact(const std::string& path) const;
  Cell claimed(LengthClaim claim, const std::string& path) const;

  const Services& services_;
  std::vector<Link> links_;
  std::string descriptors_;
  bool full_uris_ = false;
};

Cell Answer::exact(const std::string& path) const {
  if (const DataFile* file = services_.sky.file(path)) return static_cast<std::int64_t>(file->layout->size());
  return bulk_number(path) ? Cell(std::int64_t{5760}) : Cell();
}

Cell Answer::claimed(LengthClaim claim, const std::string& path) const {
  const Cell truth = exact(path);
  const std::int64_t size = std::holds_alternative<std::int64_t>(truth) ? std::get<std::int64_t>(truth) : 0;
  switch (claim) {
    case LengthClaim::exact: return truth;
    case LengthClaim::too_small: return size / 2;
    case LengthClaim::too_large: return size * 3;
    case LengthClaim::placeholder: return std::int64_t{500'000};  // what ESO's calSelector says of everything
    case LengthClaim::minus_one: return std::int64_t{-1};
    case LengthClaim::zero: return std::int64_t{0};
    case LengthClaim::absent: return {};
  }
  return {};
}

void Answer::add_error(const std::string& id, const std::string& semantics, const std::string& message) {
  Link link{id, "", "", message, "", term(semantics), ""};
  if (message.starts_with("Authorization") || message.starts_with("Authentication")) {
    link.auth = "true";
    link.authorized = 0;
  }
  links_.push_back(link);
}

void Answer::add_file(const std::string& id, const std::string& semantics, const std::string& path,
                      const std::string& description, const std::string& local, Cell length) {
  const DataFile* file = services_.sky.file(path);
  const std::string type = file == nullptr ? "image/fits" : file->content_type;
  Link link{id, services_.base + encoded_path(path), "", "", description, term(semantics), type, std::move(length)};
  link.local = local;
  if (type.find("fits") != std::string::npos) link.qualifier = "#image";
  links_.push_back(std::move(link));
}

std::string param_element(const char* name, const char* type, const char* size, const std::string& value,
                          const std::string& more = {}, const std::string& inside = {}) {
  return std::string("<PARAM name=\"") + name + "\" datatype=\"" + type + "\"" +
         (*size != '\0' ? std::string(" arraysize=\"") + size + "\"" : "") + " value=\"" + xml_escaped(value) + "\"" +
         more + (inside.empty() ? "/>\n" : "><VALUES>" + inside + "</VALUES></PARAM>\n");
}

void Answer::add_cutout(const std::string& id, const Dataset& dataset) {
  const auto image = services_.sky.image_of(dataset);
  const std::string name = "soda_" + std::to_string(links_.size());
  const Sky middle = *dataset.centre;
  const std::string circle =
      number_text(middle.ra) + " " + number_text(middle.dec) + " " + number_text(dataset.fov / 2);
  std::string polygon = region_of(image->spec());
  polygon.erase(0, std::string_view("Polygon ICRS ").size());
  std::string inputs = param_element("ID", "char", "*", id, " ucd=\"meta.id;meta.main\"");
  // Constants that look like nothing: a client that drops them is refused.
  inputs += param_element("COMPRESS", "boolean", "", "false") + param_element("OVERSCAN", "int", "", "0");
  inputs += param_element("TOKEN", "char", "*", "", " ref=\"col_token\"");
  if (declares(services_, dataset, "CIRCLE")) {
    inputs += param_element("CIRCLE", "double", "3", "", " xtype=\"circle\" unit=\"deg\" ucd=\"pos.outline;obs\"",
                            "<MAX value=\"" + circle + "\"/>");
  }
  if (declares(services_, dataset, "POLYGON")) {
    inputs += param_element("POLYGON", "double", "*", "", " xtype=\"polygon\" unit=\"deg\" ucd=\"pos.outline;obs\"",
                            "<MAX value=\"" + polygon + "\"/>");
  }
  if (declares(services_, dataset, "POS")) inputs += param_element("POS", "char", "*", "", " ucd=\"pos.outline;obs\"");
  if (declares(services_, dataset, "BAND")) {
    inputs += param_element(
        "BAND", "double", "2", "", " xtype=\"interval\" unit=\"m\" ucd=\"em.wl;stat.interval\"",
        "<MIN value=\"" + number_text(dataset.em_min) + "\"/><MAX value=\"" + number_text(dataset.em_max) + "\"/>");
  }
  descriptors_ += "<RESOURCE type=\"meta\" utype=\"adhoc:service\" ID=\"" + name + "\" name=\"cutout\">\n" +
                  param_element("standardID", "char", "*", "ivo://ivoa.net/std/SODA#sync-1.0") +
                  param_element("accessURL", "char", "*", services_.base + "/soda/sync") +
                  param_element("contentType", "char", "*", "application/fits") + "<GROUP name=\"inputParams\">\n" +
                  inputs + "</GROUP>\n</RESOURCE>\n";
  Link link{id, "", name, "", "A part of the image", term("#cutout"), "application/fits", std::int64_t{-1}};
  link.token = soda_token(dataset.did);
  links_.push_back(std::move(link));
}

void Answer::add_calibration(const std::string& id, const Dataset& dataset) {
  add_file(id, "#flat", "/files/calib/flat.fits", "Flat field", "flat", exact("/files/calib/flat.fits"));
  add_file(id, "#dark", "/files/calib/dark.fits", "Dark frame", "dark", exact("/files/calib/dark.fits"));
  if (!dataset.links.loops) return;
  Link link{id,
            services_.base + "/links?ID=" + url_encode(dataset.did),
            "",
            "",
            "Where this came from",
            term("#progenitor"),
            kContentType,
            Cell()};
  links_.push_back(std::move(link));
}

void Answer::add_dataset(const std::string& id, const Dataset& dataset) {
  const LinkTraits& traits = dataset.links;
  const std::string preview = services_.base + "/previews/" + url_encode(dataset.did);
  const bool image = services_.sky.image_of(dataset) != nullptr || bulk_number(dataset.did).has_value();
  add_file(id, "#this", dataset.this_path, "The image", "", claimed(traits.length, dataset.this_path));
  if (!traits.extra_this.empty()) {
    add_file(id, "#this", traits.extra_this, "Notes that belong to it", "notes", exact(traits.extra_this));
  }
  if (image) {
    links_.push_back(
        {id, preview + ".png", "", "", "A look at the image", term("#preview-image"), "image/png", Cell()});
    links_.push_back({id, preview + ".thumbnail.png", "", "", "A small look", term("#thumbnail"), "image/png", Cell()});
  }
  if (image && !traits.documentation) {
    links_.push_back({id, preview + ".png", "", "", "Preview", term("#preview"), "image/png", Cell()});
  }
  if (!dataset.full_path.empty()) {
    add_file(id, "#coderived", dataset.full_path, "Full resolution", "", exact(dataset.full_path));
  }
  if (traits.calibration || traits.loops) {
    links_.push_back({id, services_.base + "/links?ID=" + url_encode(dataset.did + std::string(kNested)), "", "",
                      "Flat and dark", term("#calibration"), kContentType, std::int64_t{500'000}});
  }
  if (traits.documentation) {
    add_file(id, "#documentation", "/files/doc/plate-notes.txt", "About the plates", "notes",
             exact("/files/doc/plate-notes.txt"));
  }
  for (const std::string& error : traits.errors) {
    const std::size_t bar = error.find('|');
    add_error(id, error.substr(0, bar), error.substr(bar + 1));
  }
  if (declares(services_, dataset, "ID")) add_cutout(id, dataset);
}

void Answer::add(const std::string& id) {
  const bool nested = id.ends_with(kNested);
  const auto dataset = services_.sky.dataset(nested ? id.substr(0, id.size() - kNested.size()) : id);
  full_uris_ = dataset && dataset->links.full_uri_terms;
  if (!dataset) return add_error(id, "#this", "NotFoundFault: there is no dataset " + id);
  if (dataset->links.only_error) return add_error(id, "#this", "FatalFault: the links of this dataset are broken");
  if (dataset->links.empty) return;
  if (nested) return add_calibration(id, *dataset);
  add_dataset(id, *dataset);
}

std::string Answer::document(const std::vector<Info>& trailing) const {
  std::string text;
  VotableOut out(
      [&](std::string_view piece) {
        text += piece;
        return true;
      },
      Serialization::tabledata);
  out.begin(link_fields(), {{"QUERY_STATUS", "OK", ""}, {"standardID", "ivo://ivoa.net/std/DataLink#links-1.1", ""}});
  for (const Link& link : links_) out.row(link.row());
  out.end(trailing, descriptors_);
  return text;
}

}  // namespace

bool declares(const Services& services, const Dataset& dataset, std::string_view parameter) {
  const auto image = services.sky.image_of(dataset);
  const Cutouts kind = dataset.links.cutouts;
  if (!services.options.soda || !image || !dataset.centre || kind == Cutouts::none) return false;
  if (dataset.access != Dataset::Access::links) return false;
  if (parameter == "CIRCLE") return kind != Cutouts::pos_only;
  if (parameter == "POS") return kind != Cutouts::circle_only;
  if (parameter == "POLYGON") return kind == Cutouts::all;
  if (parameter == "BAND") return image->spec().nz > 1;
  return parameter == "ID" || parameter == "TOKEN" || parameter == "COMPRESS" || parameter == "OVERSCAN";
}

std::string soda_token(std::string_view did) {
  return "t" + std::to_string(mixed(did) % 1'000'000'007);
}

Reply links_answer(const ServicesPtr& services, const Request& request) {
  std::vector<std::string> ids = request.params_named("ID");
  std::vector<Info> trailing;
  if (ids.size() > 1 && services->options.links_many_ids == ManyIds::refused) {
    return Reply::text(400, "UsageFault: one ID at a time\n");
  }
  if (ids.size() > 1 && services->options.links_many_ids == ManyIds::first_only) ids.resize(1);
  if (ids.size() > services->options.links_max_ids) {
    ids.resize(services->options.links_max_ids);
    trailing.push_back({"QUERY_STATUS", "OVERFLOW", "no more than " + std::to_string(ids.size()) + " IDs at once"});
  }
  Answer answer(*services);
  for (const std::string& id : ids) answer.add(id);
  Reply reply = Reply::text(200, answer.document(trailing), kContentType);
  reply.no_length = true;
  return reply;
}

}  // namespace skymount::demo
