// SPDX-License-Identifier: MIT
#include "vo/demo/archives/imitations.h"

#include "vo/demo/archives/site.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace skymount::demo {
namespace {

const std::map<std::string, ArchiveMaker>& makers() {
  static const std::map<std::string, ArchiveMaker> all = {
      {"alma", make_alma},   {"applause", make_applause}, {"cadc", make_cadc},       {"casda", make_casda},
      {"eso", make_eso},     {"gaia", make_gaia},         {"gavo", make_gavo},       {"heasarc", make_heasarc},
      {"irsa", make_irsa},   {"mast", make_mast},         {"noirlab", make_noirlab}, {"ondrejov", make_ondrejov},
      {"rubin", make_rubin}, {"vizier", make_vizier}};
  return all;
}

}  // namespace

Imitations::Imitations(Origin& origin, const std::vector<std::string>& wanted) {
  Site site(origin, maps_);
  for (const std::string& name : wanted) {
    const auto found = makers().find(name);
    if (found == makers().end()) throw std::invalid_argument("no archive called " + name + " is imitated");
    found->second(site);
  }
}

std::vector<std::string> Imitations::names() {
  std::vector<std::string> out;
  for (const auto& [name, make] : makers()) out.push_back(name);
  return out;
}

}  // namespace skymount::demo
