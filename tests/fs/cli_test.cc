// SPDX-License-Identifier: MIT
//
// What the command line promises: both ways of calling it say the same, and a wrong word is named.
#include "fs/cli/cli.h"
#include "fs/cli/commands.h"
#include "fs/cli/mount_table.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fstream>

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
  EXPECT_THAT(complaint({"mount", "-o", "share_protected", "/sky"}), HasSubstr("not supported by this version"));
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

TEST(CommandLine, WhatIsNotThereYetIsNotAdvertised) {
  const std::string help = parse({"--help"})->text;
  for (const char* later : {"status", "prefetch", "login", "check", "cache stat"})
    EXPECT_THAT(help, Not(HasSubstr(later)));
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

TEST(Unmount, RefusesWhatIsNoMountOfOurs) {
  test::TempDir dir;
  Result<bool> taken = take_away(dir.path());
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what(), HasSubstr("nothing is mounted there"));
  taken = take_away("/proc");
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what(), HasSubstr("not skymount"));
}

TEST(Mountpoint, ThatCannotBeIsToldBeforeAnythingHappens) {
  test::TempDir dir;
  EXPECT_EQ(*check_mountpoint(dir.path()), std::filesystem::canonical(dir.path()));
  EXPECT_EQ(*check_mountpoint(dir.path().string() + "/"), std::filesystem::canonical(dir.path()));
  EXPECT_THAT(check_mountpoint(dir.path() / "none").error().what(), HasSubstr("mkdir -p"));
  std::ofstream(dir.path() / "file") << "x";
  EXPECT_EQ(check_mountpoint(dir.path() / "file").error().code(), Code::not_directory);
}

}  // namespace
}  // namespace skymount::fs
