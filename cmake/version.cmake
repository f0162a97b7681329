# salus_version.hpp: the version of the project, and the state of the source as git describes it. No dates.
function(salus_version_header target)
  set(described "")
  find_package(Git QUIET)
  if(GIT_FOUND AND EXISTS ${CMAKE_SOURCE_DIR}/.git)
    execute_process(COMMAND ${GIT_EXECUTABLE} describe --tags --always --dirty WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                    OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(EXISTS ${CMAKE_SOURCE_DIR}/.git/logs/HEAD)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/.git/logs/HEAD)
    endif()
  endif()
  set(full ${PROJECT_VERSION})
  if(described)
    string(APPEND full "+${described}")
  endif()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/salus_version.hpp @ONLY CONTENT
"#pragma once\n\n#define SALUS_VERSION \"@PROJECT_VERSION@\"\n#define SALUS_VERSION_FULL \"@full@\"\n")
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated)
endfunction()
