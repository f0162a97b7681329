# bin/salus, man pages made by the program itself, share/doc/salus and share/salus.
include(${CMAKE_CURRENT_LIST_DIR}/version.cmake)
salus_version_header(salus)

install(TARGETS salus RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

set(manual_folder ${CMAKE_BINARY_DIR}/man)
add_custom_command(TARGET salus POST_BUILD VERBATIM
  COMMENT "Writing the manual pages"
  COMMAND ${CMAKE_COMMAND} -DSALUS=$<TARGET_FILE:salus> -DFOLDER=${manual_folder}
          -P ${CMAKE_CURRENT_LIST_DIR}/write_manuals.cmake)
install(DIRECTORY ${manual_folder}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")

foreach(folder pipelines jobs slurm data-samples)
  if(EXISTS ${CMAKE_SOURCE_DIR}/${folder})
    install(DIRECTORY ${CMAKE_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_DATADIR}/salus USE_SOURCE_PERMISSIONS)
  endif()
endforeach()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN "*.sh" EXCLUDE)
foreach(file README.md CHANGELOG.md CONTRIBUTING.md LICENSE)
  if(EXISTS ${CMAKE_SOURCE_DIR}/${file})
    install(FILES ${CMAKE_SOURCE_DIR}/${file} DESTINATION ${CMAKE_INSTALL_DOCDIR})
  endif()
endforeach()

# share/salus/modulefiles/salus/VERSION.lua finds its own place, so that the tree may be moved.
configure_file(${CMAKE_SOURCE_DIR}/packaging/salus.lua.in ${CMAKE_BINARY_DIR}/salus.lua @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/salus.lua DESTINATION ${CMAKE_INSTALL_DATADIR}/salus/modulefiles/salus
        RENAME ${PROJECT_VERSION}.lua)
install(FILES ${manual_folder}/salus.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME salus)
include(${CMAKE_CURRENT_LIST_DIR}/package.cmake)
