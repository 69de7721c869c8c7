// SPDX-License-Identifier: MIT
//
// argv to Command. The only file that knows CLI11; mount(8)'s form is read by hand, because it has no command word.
#include "fs/cli/cli.h"
#include "fs/cli/completion.h"
#include "fs/cli/parse_control.h"
#include "vo/query/grammar.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace skymount::fs {
namespace {

constexpr const char* kOverview =
    R"(Mounts archives of the Virtual Observatory as folders: a path is a query, a folder is its answer,
a file is fetched, range by range, when somebody reads it.)";

constexpr const char* kExamples = R"(Examples:
  skymount demo                              a small archive from this machine: no network, no account
  skymount mount ~/sky                       everything that is configured, below ~/sky
  skymount mount --archive gavo ~/sky        one archive
  ls ~/sky/gavo/pos=156.01,48.14             every dataset whose footprint contains the position
  skymount check gavo                        is that archive well? which part of it is not?
  skymount unmount ~/sky

Environment: SKYMOUNT_CACHE and SKYMOUNT_CONFIG (files, separated by colons) stand for --cache and --config.
Exit codes: 0 done, 1 failed, 2 the command line makes no sense.
)";

constexpr const char* kMountExamples = R"(Returns once the mount answers; else it says why and leaves nothing behind.

Examples:
  skymount mount ~/sky
  skymount mount --config ./my-archive.toml --cache /data/cache ~/sky
  skymount mount --offline ~/sky             what was seen before, without asking anybody
  skymount mount --map dc.g-vo.org=http://127.0.0.1:8080 --archive gavo ~/sky

The mountpoint is an empty folder; -o nonempty hides what is in it. A mount there whose process is gone is taken away
first; one that is alive is not touched.

Mount options (-o, separated by commas): ro (nothing is saved), allow_other, share_protected (allow_other although
there are credentials), offline, nonempty, archive=NAME, config=FILE, cache=DIR, map=HOST=URL, and the generic words of mount(8). The mount is always nosuid, nodev and noexec.
In /etc/fstab:  skymount /mnt/sky fuse.skymount noauto,user,_netdev,archive=gavo 0 0
At first use:   skymount /mnt/sky fuse.skymount noauto,_netdev,allow_other,x-systemd.automount,cache=/var/cache/skymount 0 0
With systemd, for one user:  systemctl --user enable --now skymount@sky     mounts ~/sky
)";

constexpr const char* kUnmountExamples =
    R"(Never asks the mount or the network. A mount in use leaves the tree at once and
ends with its last user; who that is, is said. A mount whose process is gone is cleaned up.

Examples:
  skymount unmount ~/sky
)";

constexpr const char* kArchivesExamples =
    R"(Prints name, title, address and the files that each archive came from. Asks nobody.

Shipped configurations come first; a file of the same name in ~/.config/skymount/ wins over them key by key, further
files there are further archives. --config FILE (or SKYMOUNT_CONFIG) names the only files to read.
What is global is in ~/.config/skymount/skymount.toml: [cache] dir, size, memory; [ttl] listings, links, negative (an
archive's own [ttl] wins); [crawlers] deny; [sesame] url; [proxy] url; [tls] ca. What is in force is in
.skymount/config.toml of each mount.

Examples:
  skymount archives
  skymount archives --json
  skymount archives --config ./my-archive.toml
)";

constexpr const char* kCheckExamples =
    R"(Asks the archive some fifteen small questions at most and tells which part of it is not well: configuration,
name, connection, TLS, TAP, ObsCore, row limits, geometry, links, ranges, clock; and what to do about it.
FILE is a configuration that is not installed yet (FILE.toml), or a file below a mount.

Examples:
  skymount check gavo
  skymount check ./my-archive.toml
  skymount check --json gavo                 keys: what, well, requests, steps[step verdict words advice seconds requests]
  skymount check ~/sky/gavo/pos=156.01,48.14/results.csv

Exit code: 0 well, 1 not well.
)";

constexpr const char* kLoginExamples =
    R"(Asks for a password or a token, obtains a token where the archive gives one ([auth] kind = "oidc-password"), and keeps
it in $XDG_STATE_HOME/skymount/tokens, readable by you alone. A mount that runs takes it up by itself.
From a pipe, the lines are the user name (unless secrets.toml has it) and the password, or the token.

Examples:
  skymount login eso
  pass show eso/token | skymount login applause

For a password that is used without asking, and for basic and x509, see secrets.toml in docs/SEMANTICS.md.
)";

constexpr const char* kLogoutExamples =
    R"(Removes the token that `skymount login` has kept. Mounts that run notice it at once: what the archive had shown to
this user alone is not served any more, public data are. It stays in the cache for the next login of the same user;
`skymount cache clear` removes it.

Examples:
  skymount logout eso
)";

constexpr const char* kCompletionExamples =
    R"(Prints completions for a shell. `cmake --install` puts them where the shells look.

Examples:
  source <(skymount completion bash)
  skymount completion zsh > ~/.zfunc/_skymount
  skymount completion fish > ~/.config/fish/completions/skymount.fish
)";

constexpr const char* kDemoExamples =
    R"(Serves a small archive from this machine, mounts it, and stays until Ctrl-C. Needs no network.

Examples:
  skymount demo                              says where it is mounted
  skymount demo ~/sky
  skymount demo --latency 100 ~/sky          as if the archive were far away
)";

struct Raw {
  std::vector<std::string> files, only, map, options;
  std::string cache, mountpoint, latency, bandwidth;
};

/// A whole number, as skymount-demo wants it: told here, so that it counts as a mistake of the command line.
Result<void> add_number(const char* flag, const std::string& value, Command& command) {
  if (value.empty()) return {};
  if (value.size() > 15 || value.find_first_not_of("0123456789") != std::string::npos)
    return fail(Code::invalid, std::string(flag) + " " + value + ": a whole number is needed");
  command.origin_options.insert(command.origin_options.end(), {flag, value});
  return {};
}

Result<void> finish(const Raw& raw, Command& command) {
  for (const std::string& file : raw.files) command.config.files.emplace_back(file);
  command.config.only = raw.only;
  if (!raw.cache.empty()) command.config.cache = raw.cache;
  for (const std::string& pair : raw.map) {
    const std::size_t at = pair.find('=');
    if (at == std::string::npos) return fail(Code::invalid, "--map " + pair + ": write --map HOST=URL");
    command.config.map.emplace_back(pair.substr(0, at), pair.substr(at + 1));
  }
  command.mountpoint = raw.mountpoint;
  if (Result<void> added = add_number("--latency", raw.latency, command); !added) return added;
  if (Result<void> added = add_number("--bandwidth", raw.bandwidth, command); !added) return added;
  for (const std::string& options : raw.options)
    if (Result<void> applied = apply_mount_options(options, command); !applied) return applied;
  return {};
}

void add_archive_options(CLI::App* app, Raw& raw) {
  // One value a flag: a list option would swallow the mountpoint that follows it.
  app->add_option("--archive", raw.only, "only this archive; repeatable")->type_name("NAME")->allow_extra_args(false);
  app->add_option("--config", raw.files, "only the archives of these files, which are your own; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

void add_mount(CLI::App& app, Raw& raw, Command& command) {
  CLI::App* mount = app.add_subcommand("mount", "mount archives as folders");
  add_archive_options(mount, raw);
  mount->add_option("--cache", raw.cache, "where downloaded bytes are kept ($XDG_CACHE_HOME/skymount)")
      ->type_name("DIR");
  mount->add_option("--map", raw.map, "ask URL instead of HOST (mirrors, tests); repeatable")
      ->type_name("HOST=URL")
      ->allow_extra_args(false);
  mount->add_flag("--offline", command.offline, "show what was seen before; never ask the network");
  mount->add_flag("-f,--foreground", command.foreground, "stay in the foreground until unmounted or Ctrl-C");
  mount->add_option("-o", raw.options, "mount options, separated by commas")
      ->type_name("OPTS")
      ->allow_extra_args(false);
  mount->add_option("MOUNTPOINT", raw.mountpoint, "an existing folder")->required()->type_name("");
  mount->footer(kMountExamples);
  mount->callback([&command] { command.kind = Command::Kind::mount; });
}

void add_others(CLI::App& app, Raw& raw, Command& command) {
  CLI::App* unmount = app.add_subcommand("unmount", "unmount; works with the network gone");
  unmount->add_option("MOUNTPOINT", raw.mountpoint, "where skymount is mounted")->required()->type_name("");
  unmount->footer(kUnmountExamples);
  unmount->callback([&command] { command.kind = Command::Kind::unmount; });

  CLI::App* demo = app.add_subcommand("demo", "a small archive served from this machine, mounted");
  demo->add_option("MOUNTPOINT", raw.mountpoint, "an existing folder; one is made when it is left out")->type_name("");
  demo->add_option("--cache", raw.cache, "where downloaded bytes are kept (a temporary folder)")->type_name("DIR");
  demo->add_option("--latency", raw.latency, "delay each answer by so many milliseconds")->type_name("MS");
  demo->add_option("--bandwidth", raw.bandwidth, "bytes per second of each connection")->type_name("N");
  demo->footer(kDemoExamples);
  demo->callback([&command] { command.kind = Command::Kind::demo; });

  CLI::App* archives = app.add_subcommand("archives", "list what is configured");
  add_archive_options(archives, raw);
  archives->add_flag("--json", command.json, "as JSON, for programs");
  archives->footer(kArchivesExamples);
  archives->callback([&command] { command.kind = Command::Kind::archives; });
}

void add_check(CLI::App& app, Raw& raw, Command& command) {
  CLI::App* check = app.add_subcommand("check", "is an archive well? which part is not?");
  check->add_option("--config", raw.files, "look for the archive in these files alone; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
  check->add_option("--map", raw.map, "ask URL instead of HOST; repeatable")
      ->type_name("HOST=URL")
      ->allow_extra_args(false);
  check->add_flag("--json", command.json, "as JSON, for programs");
  check->add_option("ARCHIVE|FILE", command.target, "an archive, a FILE.toml, or a file below a mount")
      ->required()
      ->type_name("");
  check->footer(kCheckExamples);
  check->callback([&command] { command.kind = Command::Kind::check; });

  CLI::App* logout = app.add_subcommand("logout", "remove the token that login has kept");
  logout->add_option("--config", raw.files, "look for the archive in these files alone; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
  logout->add_option("ARCHIVE", command.target, "an archive that is configured")->required()->type_name("");
  logout->footer(kLogoutExamples);
  logout->callback([&command] { command.kind = Command::Kind::logout; });
  CLI::App* login = app.add_subcommand("login", "obtain and keep a token for an archive");
  login->add_option("--config", raw.files, "look for the archive in these files alone; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
  login->add_option("--map", raw.map, "ask URL instead of HOST; repeatable")
      ->type_name("HOST=URL")
      ->allow_extra_args(false);
  login->add_option("ARCHIVE", command.target, "an archive that is configured")->required()->type_name("");
  login->footer(kLoginExamples);
  login->callback([&command] { command.kind = Command::Kind::login; });

  CLI::App* completion = app.add_subcommand("completion", "completions for a shell");
  completion->add_option("SHELL", command.target, "bash, zsh or fish")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer(kCompletionExamples);
  completion->callback([&command] { command.kind = Command::Kind::completion; });
}

/// The whole command line, to be read or to be described.
void describe(CLI::App& app, Raw& raw, Command& command) {
  app.footer(kExamples);
  app.require_subcommand(1);
  app.set_version_flag("--version", "skymount " SKYMOUNT_VERSION);
  add_mount(app, raw, command);
  add_others(app, raw, command);
  add_check(app, raw, command);
  add_control_commands(app, command);
  app.add_subcommand("help", "this text, or that of a command");
}

/// CLI11's words, with the nearest option of the command in use added.
std::string words_of(const CLI::ParseError& error, const CLI::App& app, int argc, const char* const* argv) {
  std::string words = error.what();
  const CLI::App* used = &app;
  for (const CLI::App* command : app.get_subcommands()) used = command;
  std::vector<std::string> known;
  for (const CLI::Option* option : used->get_options())
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  for (int i = 1; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    if (word.rfind("--", 0) != 0 || std::find(known.begin(), known.end(), word) != known.end()) continue;
    const std::string near(vo::nearest(word, candidates));
    words = "there is no option " + word + (near.empty() ? "" : " - did you mean " + near + "?");
    break;
  }
  const std::string name = used == &app ? "skymount" : "skymount " + used->get_name();
  return words + "\n`" + name + " --help` shows what there is";
}

Result<Command> parse_commands(int argc, const char* const* argv) {
  Command command;
  Raw raw;
  CLI::App app(kOverview, "skymount");
  describe(app, raw, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    command.text = app.help();
    return command;
  } catch (const CLI::CallForVersion& version) {
    command.text = std::string(version.what()) + "\n";
    return command;
  } catch (const CLI::ParseError& error) {
    return fail(Code::invalid, words_of(error, app, argc, argv));
  }
  if (Result<void> finished = finish(raw, command); !finished) return fail(finished.error());
  return command;
}

std::vector<std::string> command_names() {
  std::vector<std::string> out;
  for (const KnownCommand& command : known_commands()) out.push_back(command.name);
  return out;
}

Error no_such_command(const std::string& word, const std::vector<std::string>& names) {
  const std::string near(vo::nearest(word, {names.begin(), names.end()}));
  return {Code::invalid, "there is no command '" + word + "'" +
                             (near.empty() ? "" : " - did you mean '" + near + "'?") +
                             "\n`skymount --help` shows what there is"};
}

/// SOURCE MOUNTPOINT [-sfnv] [-t TYPE] [-N NAMESPACE] [-o OPTS]..., in any order.
Result<Command> parse_mount8(int argc, const char* const* argv) {
  Command command;
  command.kind = Command::Kind::mount;
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "-o" || word == "-t" || word == "-N") {
      if (++i == argc) return fail(Code::invalid, word + " needs a value");
      if (word == "-N") return fail(Code::invalid, "-N: mounting into another namespace is not possible");
      if (word == "-o")
        if (Result<void> applied = apply_mount_options(argv[i], command); !applied) return fail(applied.error());
    } else if (word.size() > 1 && word[0] == '-' && word.find_first_not_of("sfnv", 1) == std::string::npos) {
      command.fake = command.fake || word.find('f') != std::string::npos;
    } else if (word.size() > 1 && word[0] == '-') {
      return fail(Code::invalid, "there is no option " + word + "; mount options follow -o");
    } else {
      words.push_back(word);
    }
  }
  if (words.size() != 2) return fail(Code::invalid, "usage: skymount SOURCE MOUNTPOINT [-o OPTS]");
  command.source = words[0];
  command.mountpoint = words[1];
  // `skymount` and `none` mean all that is configured.
  if (words[0] != "skymount" && words[0] != "none") command.config.only.push_back(words[0]);
  return command;
}

}  // namespace

std::vector<KnownCommand> known_commands() {
  Command command;
  Raw raw;
  CLI::App app(kOverview, "skymount");
  describe(app, raw, command);
  std::vector<KnownCommand> out;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    KnownCommand known{sub->get_name(), sub->get_description(), {}, {}, {}};
    for (const CLI::Option* option : sub->get_options()) {
      if (option->get_positional()) {
        known.positional = option->get_name(true);
        if (known.positional == "SHELL") known.choices = {"bash", "zsh", "fish"};
        continue;
      }
      KnownOption one{{}, option->get_description(), {}, option->get_items_expected_max() > 1};
      for (const std::string& name : option->get_lnames()) one.names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) one.names.push_back("-" + name);
      if (option->get_type_size_max() > 0) one.value = option->get_type_name();
      known.options.push_back(std::move(one));
    }
    out.push_back(std::move(known));
  }
  std::vector<std::string> names;
  for (const KnownCommand& known : out) names.push_back(known.name);
  for (KnownCommand& known : out)
    if (known.name == "help") known = {known.name, known.words, {}, "COMMAND", names};
  return out;
}

Result<Command> parse_command_line(int argc, const char* const* argv) {
  const std::string self = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "skymount";
  if (self.rfind("mount.", 0) == 0) return parse_mount8(argc, argv);
  if (argc < 2) return fail(Code::invalid, "a command is missing\n`skymount --help` shows what there is");
  const std::string first = argv[1];
  const std::vector<std::string> names = command_names();
  const auto is_command = [&](const std::string& word) {
    return std::find(names.begin(), names.end(), word) != names.end();
  };
  if (first == "help") {
    if (argc > 3) return fail(Code::invalid, "usage: skymount help [COMMAND]");
    if (argc > 2 && !is_command(argv[2])) return fail(no_such_command(argv[2], names));
    const char* const whole[] = {argv[0], "--help"};
    const char* const of_command[] = {argv[0], argc > 2 ? argv[2] : "", "--help"};
    return argc > 2 ? parse_commands(3, of_command) : parse_commands(2, whole);
  }
  const bool has_options =
      std::any_of(argv + 2, argv + argc, [](const char* word) { return std::string(word) == "-o"; });
  // In fstab an archive may be called as one of our commands is: only `mount` takes -o, so this is mount(8) calling.
  const bool by_mount8 = has_options && first != "mount" && first[0] != '-';
  if (!by_mount8 && (first[0] == '-' || is_command(first))) return parse_commands(argc, argv);
  const std::string near(vo::nearest(first, {names.begin(), names.end()}));
  if (argc == 2 || (!has_options && !near.empty() && first != "skymount")) return fail(no_such_command(first, names));
  return parse_mount8(argc, argv);
}

}  // namespace skymount::fs
