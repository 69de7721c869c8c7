// SPDX-License-Identifier: MIT
//
// What the command line promises: both ways of calling it say the same, and a wrong word is named.
#include "fs/cli/cli.h"
#include "fs/cli/completion.h"
#include "fs/cli/mount_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skymount::fs {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

Result<Command> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "/usr/bin/skymount");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}
std::string complaint(std::vector<const char*> words) {
  Result<Command> command = parse(std::move(words));
  return command ? "no complaint" : command.error().what();
}

TEST(CommandLine, MountTakesEveryFlagOfTheContract) {
  Result<Command> command =
      parse({"mount", "--archive", "gavo", "--archive", "eso", "--config", "a.toml", "--cache", "/c", "--offline",
             "--foreground", "--map", "h:1=http://x/", "-o", "ro,allow_other", "/sky"});
  ASSERT_TRUE(command) << command.error().what();
  EXPECT_EQ(command->kind, Command::Kind::mount);
  EXPECT_THAT(command->config.only, ElementsAre("gavo", "eso"));
  EXPECT_THAT(command->config.files, ElementsAre("a.toml"));
  EXPECT_EQ(command->config.cache, "/c");
  EXPECT_THAT(command->config.map, ElementsAre(Pair("h:1", "http://x/")));
  EXPECT_TRUE(command->offline && command->foreground && command->read_only && command->allow_other);
  EXPECT_EQ(command->mountpoint, "/sky");
}

TEST(CommandLine, AnOptionBeforeTheMountpointDoesNotSwallowIt) {
  for (const char* flag : {"--archive", "--config", "--map", "-o"}) {
    Result<Command> command = parse({"mount", flag, std::string(flag) == "-o" ? "ro" : "a=b", "/sky"});
    ASSERT_TRUE(command) << flag << command.error().what();
    EXPECT_EQ(command->mountpoint, "/sky") << flag;
  }
}

TEST(CommandLine, FstabAndMountCallItWithSourceAndOptions) {
  Result<Command> command =
      parse({"gavo", "/sky", "-o", "rw,nosuid,nodev,_netdev,noauto,user,x-systemd.automount,cache=/c,offline"});
  ASSERT_TRUE(command) << command.error().what();
  EXPECT_EQ(command->kind, Command::Kind::mount);
  EXPECT_EQ(command->source, "gavo");
  EXPECT_THAT(command->config.only, ElementsAre("gavo"));
  EXPECT_EQ(command->config.cache, "/c");
  EXPECT_TRUE(command->offline);
  EXPECT_FALSE(command->read_only);

  command = parse({"skymount", "/sky", "-o", "archive=gavo,archive=eso,config=/a\\,b.toml,map=h=http://x/?a=b"});
  ASSERT_TRUE(command) << command.error().what();
  EXPECT_THAT(command->config.only, ElementsAre("gavo", "eso"));
  EXPECT_THAT(command->config.files, ElementsAre("/a,b.toml"));
  EXPECT_THAT(command->config.map, ElementsAre(Pair("h", "http://x/?a=b")));
}

TEST(CommandLine, AsMountHelperItTakesTheFlagsOfMount8) {
  const char* words[] = {"/sbin/mount.fuse.skymount", "demo", "/sky", "-nv", "-t", "fuse.skymount", "-o", "ro"};
  Result<Command> command = parse_command_line(8, words);
  ASSERT_TRUE(command) << command.error().what();
  EXPECT_EQ(command->kind, Command::Kind::mount);
  EXPECT_THAT(command->config.only, ElementsAre("demo"));
  EXPECT_TRUE(command->read_only);
  EXPECT_FALSE(command->fake);
}

TEST(CommandLine, AnArchiveMayBeCalledAsACommandIs) {
  Result<Command> command = parse({"demo", "/sky", "-o", "rw"});
  ASSERT_TRUE(command) << command.error().what();
  EXPECT_EQ(command->kind, Command::Kind::mount);
  EXPECT_THAT(command->config.only, ElementsAre("demo"));
}

TEST(CommandLine, AnUnknownMountOptionIsAnErrorThatNamesIt) {
  EXPECT_THAT(complaint({"skymount", "/sky", "-o", "ro,nosuch"}), HasSubstr("'nosuch'"));
  EXPECT_THAT(complaint({"mount", "-o", "offlin", "/sky"}), HasSubstr("did you mean 'offline'?"));
  EXPECT_THAT(complaint({"mount", "-o", "archive=", "/sky"}), HasSubstr("value is missing"));
  EXPECT_THAT(complaint({"mount", "-o", "uid=0", "/sky"}), HasSubstr("'uid'"));
  EXPECT_THAT(complaint({"mount", "-o", "default_permissions", "/sky"}), HasSubstr("not supported by this version"));
}

TEST(CommandLine, AMisspeltCommandOrFlagIsToldTheNearest) {
  EXPECT_THAT(complaint({"mout", "/sky"}), HasSubstr("there is no command 'mout' - did you mean 'mount'?"));
  EXPECT_THAT(complaint({"archive"}), HasSubstr("did you mean 'archives'?"));
  EXPECT_THAT(complaint({"mount", "--ofline", "/sky"}),
              HasSubstr("there is no option --ofline - did you mean --offline?"));
  EXPECT_THAT(complaint({}), HasSubstr("--help"));
  EXPECT_THAT(complaint({"mount"}), HasSubstr("MOUNTPOINT"));
  EXPECT_THAT(complaint({"mount", "/a", "/b"}), Not(HasSubstr("no complaint")));
  EXPECT_THAT(complaint({"unmount"}), HasSubstr("MOUNTPOINT"));
}

TEST(CommandLine, TheOtherCommands) {
  EXPECT_EQ(parse({"unmount", "/sky"})->kind, Command::Kind::unmount);
  EXPECT_EQ(parse({"demo"})->kind, Command::Kind::demo);
  EXPECT_TRUE(parse({"demo"})->mountpoint.empty());
  EXPECT_EQ(parse({"demo", "/sky"})->mountpoint, "/sky");
  EXPECT_THAT(parse({"demo", "--latency", "100"})->origin_options, ElementsAre("--latency", "100"));
  EXPECT_TRUE(parse({"archives", "--json"})->json);
  Result<Command> check = parse({"check", "--json", "--map", "h=http://x/", "--config", "a.toml", "gavo"});
  ASSERT_TRUE(check) << check.error().what();
  EXPECT_EQ(check->kind, Command::Kind::check);
  EXPECT_EQ(check->target, "gavo");
  EXPECT_TRUE(check->json);
  EXPECT_THAT(check->config.files, ElementsAre("a.toml"));
  EXPECT_EQ(parse({"completion", "fish"})->target, "fish");
}

TEST(CommandLine, WhatCannotBeIsAMistakeOfTheCommandLine) {
  for (const char* bad : {"abc", "-1", "1.5", "12345678901234567890"})
    EXPECT_THAT(complaint({"demo", "--latency", bad}), Not(HasSubstr("no complaint"))) << bad;
  EXPECT_THAT(complaint({"help", "nosuch"}), HasSubstr("there is no command 'nosuch'"));
  EXPECT_THAT(complaint({"help", "mout"}), HasSubstr("did you mean 'mount'?"));
  EXPECT_THAT(complaint({"help", "mount", "more"}), HasSubstr("usage"));
  EXPECT_THAT(complaint({"completion", "tcsh"}), Not(HasSubstr("no complaint")));
  EXPECT_THAT(complaint({"check"}), HasSubstr("ARCHIVE|FILE"));
}

TEST(CommandLine, EveryCommandHasAHelpWithExamples) {
  for (const KnownCommand& command : known_commands()) {
    if (command.name == "help") continue;
    Result<Command> help = parse({command.name.c_str(), "--help"});
    ASSERT_TRUE(help) << command.name;
    EXPECT_THAT(help->text, AllOf(HasSubstr("Example"), HasSubstr("skymount " + command.name))) << command.name;
    EXPECT_FALSE(command.words.empty()) << command.name;
  }
}

TEST(Completion, KnowsEveryCommandAndOptionOfTheParser) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(shell);
    for (const KnownCommand& command : known_commands()) {
      EXPECT_THAT(script, HasSubstr(command.name)) << shell;
      for (const KnownOption& option : command.options)
        for (const std::string& name : option.names)
          EXPECT_THAT(script, HasSubstr(name.substr(name.find_first_not_of('-')))) << shell << command.name;
    }
  }
  EXPECT_EQ(completion_script("tcsh"), "");
}

TEST(CommandLine, HelpIsAskedForInEveryUsualWayAndHasExamples) {
  for (const auto& words : std::vector<std::vector<const char*>>{{"--help"}, {"-h"}, {"help"}}) {
    Result<Command> command = parse(words);
    ASSERT_TRUE(command) << command.error().what();
    EXPECT_EQ(command->kind, Command::Kind::text);
    EXPECT_THAT(command->text, AllOf(HasSubstr("skymount demo"), HasSubstr("Examples:"), HasSubstr("unmount")));
  }
  for (const auto& words : std::vector<std::vector<const char*>>{{"mount", "--help"}, {"help", "mount"}})
    EXPECT_THAT(parse(words)->text, AllOf(HasSubstr("--offline"), HasSubstr("/etc/fstab")));
  EXPECT_THAT(parse({"--version"})->text, HasSubstr("skymount " SKYMOUNT_VERSION));
}

TEST(CommandLine, ALoginIsToOneArchive) {
  EXPECT_EQ(parse({"login", "eso"})->target, "eso");
  EXPECT_EQ(parse({"logout", "eso"})->target, "eso");
  EXPECT_THAT(complaint({"login"}), HasSubstr("ARCHIVE"));
  EXPECT_TRUE(parse({"mount", "-o", "allow_other,share_protected", "/sky"})->share_protected);
}

TEST(MountTable, IsReadWithBlanksAndOptionalFields) {
  const auto mounts = parse_mountinfo(
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
      "80 22 0:50 / /home/me/my\\040sky rw,nosuid - fuse.skymount skymount rw,user_id=1000\n"
      "nonsense\n");
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[1].mountpoint, "/home/me/my sky");
  EXPECT_EQ(mounts[1].type, kMountType);
  EXPECT_EQ(mounts[1].source, "skymount");
}

}  // namespace
}  // namespace skymount::fs
