// SPDX-License-Identifier: MIT
//
// The words after -o: ours, and the generic ones that mount(8) and fstab pass along. An unknown one is an error,
// because an option that is silently ignored is a promise that nobody keeps.
#include "fs/cli/cli.h"
#include "vo/query/grammar.h"

#include <algorithm>
#include <array>

namespace skymount::fs {
namespace {

// Generic words without a meaning for us: about boot order and mount(8) itself, or granted anyway (a mount is always
// nosuid, nodev, noexec, also when mount.fuse asks for dev and suid; access times are not kept).
constexpr std::array<std::string_view, 24> kGeneric = {
    "defaults", "auto",   "noauto", "user",    "nouser",     "users",    "owner",      "group",
    "_netdev",  "nofail", "rw",     "nosuid",  "suid",       "nodev",    "dev",        "noexec",
    "exec",     "async",  "atime",  "noatime", "nodiratime", "relatime", "norelatime", "silent"};
// With a meaning here.
constexpr std::array<std::string_view, 11> kOurs = {"ro",       "allow_other", "share_protected", "offline",
                                                    "nonempty", "archive=",    "config=",         "cache=",
                                                    "map=",     "fsname=",     "subtype="};

std::vector<std::string> split_options(std::string_view text) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == ',') {
      out.back() += text[++i];
    } else if (text[i] == ',') {
      out.emplace_back();
    } else {
      out.back() += text[i];
    }
  }
  out.erase(std::remove(out.begin(), out.end(), std::string()), out.end());
  return out;
}

Result<void> unknown(const std::string& option, const std::string& name) {
  if (name == "default_permissions")
    return fail(Code::unsupported,
                "-o " + name + " is not supported by this version of skymount (" SKYMOUNT_VERSION ")");
  std::vector<std::string_view> known(kOurs.begin(), kOurs.end());
  known.insert(known.end(), kGeneric.begin(), kGeneric.end());
  const std::string near(vo::nearest(name, known));
  return fail(Code::invalid, "-o " + option + ": there is no mount option '" + name + "'" +
                                 (near.empty() ? "" : " - did you mean '" + near + "'?"));
}

Result<void> apply_with_value(const std::string& option, const std::string& name, const std::string& value,
                              Command& command) {
  const bool ours = name == "archive" || name == "config" || name == "cache" || name == "map" || name == "fsname";
  if (ours && value.empty()) return fail(Code::invalid, "-o " + option + ": a value is missing after '='");
  if (name == "archive") {
    command.config.only.push_back(value);
  } else if (name == "config") {
    command.config.files.emplace_back(value);
  } else if (name == "cache") {
    command.config.cache = value;
  } else if (name == "fsname") {
    command.source = value;
  } else if (name == "map") {
    const std::size_t at = value.find('=');
    if (at == std::string::npos) return fail(Code::invalid, "-o " + option + ": write map=HOST=URL");
    command.config.map.emplace_back(value.substr(0, at), value.substr(at + 1));
  } else if (name != "user" && name != "comment" && !(name == "subtype" && value == "skymount")) {
    return unknown(option, name);
  }
  return {};
}

}  // namespace

Result<void> apply_mount_options(std::string_view options, Command& command) {
  for (const std::string& option : split_options(options)) {
    const std::size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    if (name.rfind("x-", 0) == 0 || name.rfind("X-", 0) == 0)
      continue;  // for other programs, by convention of mount(8)
    if (equals != std::string::npos) {
      if (Result<void> applied = apply_with_value(option, name, option.substr(equals + 1), command); !applied)
        return applied;
    } else if (name == "ro") {
      command.read_only = true;
    } else if (name == "allow_other") {
      command.allow_other = true;
    } else if (name == "share_protected") {
      command.share_protected = true;
    } else if (name == "offline") {
      command.offline = true;
    } else if (name == "nonempty") {
      command.nonempty = true;
    } else if (std::find(kGeneric.begin(), kGeneric.end(), name) == kGeneric.end()) {
      return unknown(option, name);
    }
  }
  return {};
}

}  // namespace skymount::fs
