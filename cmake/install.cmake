# SPDX-License-Identifier: MIT
#
# What `cmake --install` puts where: programs, mount(8)'s helper, configurations, systemd's user unit, completions, words.

install(TARGETS skymount RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS skymount-demo skymount-fits RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/skymount)
install(DIRECTORY mount-configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/skymount/mount-configs
        FILES_MATCHING PATTERN "*.toml" PATTERN "*.csv")
install(FILES README.md CHANGELOG.md LICENSE docs/SEMANTICS.md docs/ARCHITECTURE.md docs/ARCHIVES.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# mount(8) looks for mount.TYPE in /sbin; with another prefix it has to be linked there by hand.
install(CODE "
  set(helper \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SBINDIR}\")
  file(MAKE_DIRECTORY \"\${helper}\")
  file(CREATE_LINK ../${CMAKE_INSTALL_BINDIR}/skymount \"\${helper}/mount.fuse.skymount\" SYMBOLIC)")

# Written when it is installed, because only then the prefix is known for good. lib/systemd, whatever the machine calls
# its library folder: that is where systemd looks.
install(CODE "
  set(CMAKE_INSTALL_FULL_BINDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  set(CMAKE_INSTALL_FULL_DOCDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
  configure_file(\"${CMAKE_SOURCE_DIR}/scripts/install/skymount@.service.in\"
                 \"${CMAKE_BINARY_DIR}/install/skymount@.service\" @ONLY)")
install(FILES ${CMAKE_BINARY_DIR}/install/skymount@.service DESTINATION lib/systemd/user)

# The program describes its own command line.
foreach(shell bash zsh fish)
  install(CODE "
    execute_process(COMMAND \"$<TARGET_FILE:skymount>\" completion ${shell}
                    OUTPUT_FILE \"${CMAKE_BINARY_DIR}/install/completion.${shell}\" COMMAND_ERROR_IS_FATAL ANY)")
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/install/completion.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME skymount)
install(FILES ${CMAKE_BINARY_DIR}/install/completion.zsh
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _skymount)
install(FILES ${CMAKE_BINARY_DIR}/install/completion.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME skymount.fish)
