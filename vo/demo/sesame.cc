// SPDX-License-Identifier: MIT
//
// A name resolver that knows five names: what CDS Sesame answers, in its plain and its XML form, so that target= can be
// tried without a network.
#include "vo/demo/services.h"

#include <array>
#include <cstdio>

namespace skymount::demo {
namespace {

struct Known {
  const char* names;  ///< in lower case, '|' around each
  const char* main;
  double ra, dec;
};

// The last two are where this archive's own data are.
constexpr std::array<Known, 5> kKnown{{{"|m31|m 31|ngc 224|andromeda galaxy|", "M 31", 10.684708, 41.26875},
                                       {"|m1|m 1|crab nebula|", "M 1", 83.6324, 22.0174},
                                       {"|polaris|", "* alf UMi", 37.95456067, 89.26410897},
                                       {"|demo field|", "NAME Demo Field", 156.01, 48.14},
                                       {"|demo bulk|", "NAME Demo Bulk", 200, -30}}};

const Known* find(std::string name) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const Known& known : kKnown) {
    if (std::string_view(known.names).find("|" + name + "|") != std::string_view::npos) return &known;
  }
  return nullptr;
}

std::string printed(const char* format, double a, double b) {
  char buffer[80];
  std::snprintf(buffer, sizeof buffer, format, a, b);
  return buffer;
}

std::string plain(const std::string& name, const Known* known) {
  std::string out = "# " + name + "\t#Q1\n#=Sc=Simbad (demo):    1     0ms\n";
  if (known == nullptr) return out + "#!Simbad: No known object\n#====Done====\n";
  return out + "%I.0 " + known->main + "\n%C.0 G\n" +
         printed("%%J %.8f %+.8f = (sexagesimal)\n", known->ra, known->dec) + "#====Done====\n";
}

std::string xml(const std::string& name, const Known* known) {
  std::string out = "<?xml version=\"1.0\"?>\n<Sesame><Target option=\"S\"><name>" + xml_escaped(name) +
                    "</name>\n<Resolver name=\"S=Simbad (demo)\">";
  if (known == nullptr) {
    out += "<INFO>Nothing found</INFO>";
  } else {
    out += printed("<jradeg>%.8f</jradeg><jdedeg>%+.8f</jdedeg>", known->ra, known->dec) + "<oname>" + known->main +
           "</oname>";
  }
  return out + "</Resolver></Target></Sesame>\n";
}

}  // namespace

Reply sesame_answer(const ServicesPtr&, const Request& request) {
  const std::size_t mark = request.target.find('?');
  if (mark == std::string::npos) return Reply::text(404, "no name\n");
  const std::string name = url_decode(std::string_view(request.target).substr(mark + 1), false);
  if (request.path.find("/-ox") != std::string::npos) return Reply::text(200, xml(name, find(name)), "text/xml");
  return Reply::text(200, plain(name, find(name)));
}

}  // namespace skymount::demo
