// SPDX-License-Identifier: MIT
//
// Each shell has a page of its own; what they have in common is which words can follow. Archives are asked of `skymount
// archives`, mounts of the kernel's table: neither waits for a network or for a mount.
#include "fs/cli/completion.h"

#include <algorithm>

namespace skymount::fs {
namespace {

constexpr const char* kArchives = "skymount archives 2>/dev/null | cut -d ' ' -f 1";
constexpr const char* kMounts = "sed -n 's/.* \\(\\/[^ ]*\\) .* - fuse\\.skymount .*/\\1/p' /proc/self/mountinfo";

/// What a value or a word without a dash may be.
enum class Kind { none, file, folder, archive, archive_or_file, mount };

Kind kind_of(const std::string& command, const std::string& value) {
  if (value == "ARCHIVE|FILE") return Kind::archive_or_file;
  if (value == "NAME" || value == "ARCHIVE") return Kind::archive;
  if (value == "MOUNTPOINT") return command == "mount" || command == "demo" ? Kind::folder : Kind::mount;
  if (value == "DIR") return Kind::folder;
  if (value == "FILE" || value == "PATH" || value == "PATHS") return Kind::file;
  return Kind::none;
}

std::string joined(const std::vector<std::string>& words, const char* between = " ") {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::vector<std::string> option_names(const KnownCommand& command) {
  std::vector<std::string> out;
  for (const KnownOption& option : command.options) out.insert(out.end(), option.names.begin(), option.names.end());
  return out;
}

// ---- bash

std::string bash_words(Kind kind, const std::vector<std::string>& choices) {
  const std::string from = " -- \"$cur\"))";
  if (!choices.empty()) return "COMPREPLY=($(compgen -W " + quoted(joined(choices)) + from;
  switch (kind) {
    case Kind::archive: return std::string("COMPREPLY=($(compgen -W \"$(") + kArchives + ")\"" + from;
    case Kind::archive_or_file: return std::string("COMPREPLY=($(compgen -f -W \"$(") + kArchives + ")\"" + from;
    case Kind::mount: return std::string("COMPREPLY=($(compgen -W \"$(") + kMounts + ")\"" + from;
    case Kind::folder: return "COMPREPLY=($(compgen -d" + from;
    case Kind::file: return "COMPREPLY=($(compgen -f" + from;
    case Kind::none: break;
  }
  return "return";
}

std::string bash_script(const std::vector<KnownCommand>& commands) {
  std::vector<std::string> names;
  for (const KnownCommand& command : commands) names.push_back(command.name);
  std::string out =
      "# bash completion of skymount; made by `skymount completion bash`\n"
      "_skymount() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W " +
      quoted(joined(names) + " --help --version") +
      " -- \"$cur\"))\n"
      "    return\n"
      "  fi\n"
      "  case $command:$prev in\n";
  for (const KnownCommand& command : commands)
    for (const KnownOption& option : command.options) {
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(command.name + ":" + name);
      out +=
          "    " + joined(patterns, "|") + ") " + bash_words(kind_of(command.name, option.value), {}) + "; return ;;\n";
    }
  out += "  esac\n  case $command in\n";
  for (const KnownCommand& command : commands)
    out += "    " + command.name + ")\n      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W " +
           quoted(joined(option_names(command))) + " -- \"$cur\"))\n      else " +
           bash_words(kind_of(command.name, command.positional), command.choices) + "; fi ;;\n";
  return out + "  esac\n}\ncomplete -o filenames -F _skymount skymount\n";
}

// ---- zsh

std::string zsh_action(Kind kind, const std::vector<std::string>& choices) {
  if (!choices.empty()) return "(" + joined(choices) + ")";
  switch (kind) {
    case Kind::archive: return std::string("{compadd -- ${(f)\"$(") + kArchives + ")\"}}";
    case Kind::archive_or_file: return std::string("{compadd -- ${(f)\"$(") + kArchives + ")\"}; _files}";
    case Kind::mount: return std::string("{compadd -- ${(f)\"$(") + kMounts + ")\"}}";
    case Kind::folder: return "_files -/";
    case Kind::file: return "_files";
    case Kind::none: break;
  }
  return " ";
}

/// _arguments takes brackets and colons for its own.
std::string zsh_text(std::string text) {
  for (const char c : {'\\', '[', ']', ':'})
    for (std::size_t at = 0; (at = text.find(c, at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  return text;
}

std::string zsh_script(const std::vector<KnownCommand>& commands) {
  std::string out =
      "#compdef skymount\n# zsh completion of skymount; made by `skymount completion zsh`\n"
      "_skymount() {\n  local -a commands\n  commands=(\n";
  for (const KnownCommand& command : commands)
    out += "    " + quoted(command.name + ":" + zsh_text(command.words)) + "\n";
  out +=
      "  )\n  if ((CURRENT == 2)); then _describe command commands; return; fi\n  local command=$words[2]\n"
      "  shift words; ((CURRENT--))\n  case $command in\n";
  for (const KnownCommand& command : commands) {
    out += "    " + command.name + ") _arguments";
    for (const KnownOption& option : command.options)
      for (const std::string& name : option.names) {
        std::string spec = (option.repeatable ? "*" : "") + name + "[" + zsh_text(option.words) + "]";
        if (!option.value.empty())
          spec += ":" + zsh_text(option.value) + ":" + zsh_action(kind_of(command.name, option.value), {});
        out += " \\\n      " + quoted(spec);
      }
    if (!command.positional.empty())
      out += " \\\n      " + quoted("*:" + zsh_text(command.positional) + ":" +
                                    zsh_action(kind_of(command.name, command.positional), command.choices));
    out += " ;;\n";
  }
  return out + "  esac\n}\n_skymount \"$@\"\n";
}

// ---- fish

std::string fish_values(Kind kind, const std::vector<std::string>& choices) {
  if (!choices.empty()) return " -f -a " + quoted(joined(choices));
  switch (kind) {
    case Kind::archive: return " -f -a " + quoted(std::string("(") + kArchives + ")");
    case Kind::archive_or_file: return " -F -a " + quoted(std::string("(") + kArchives + ")");
    case Kind::mount: return " -f -a " + quoted(std::string("(") + kMounts + ")");
    case Kind::folder: return " -f -a '(__fish_complete_directories)'";
    case Kind::file: return " -F";
    case Kind::none: break;
  }
  return " -f";
}

std::string fish_script(const std::vector<KnownCommand>& commands) {
  std::string out = "# fish completion of skymount; made by `skymount completion fish`\ncomplete -c skymount -f\n";
  for (const KnownCommand& command : commands) {
    out += "complete -c skymount -n __fish_use_subcommand -a " + command.name + " -d " + quoted(command.words) + "\n";
    const std::string begin = "complete -c skymount -n '__fish_seen_subcommand_from " + command.name + "'";
    for (const KnownOption& option : command.options) {
      out += begin;
      for (const std::string& name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      out += " -d " + quoted(option.words);
      if (!option.value.empty()) out += " -r" + fish_values(kind_of(command.name, option.value), {});
      out += "\n";
    }
    if (!command.positional.empty())
      out += begin + fish_values(kind_of(command.name, command.positional), command.choices) + "\n";
  }
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  const std::vector<KnownCommand> commands = known_commands();
  if (shell == "bash") return bash_script(commands);
  if (shell == "zsh") return zsh_script(commands);
  if (shell == "fish") return fish_script(commands);
  return {};
}

}  // namespace skymount::fs
