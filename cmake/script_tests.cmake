# Every *.sh in the calling folder is one test with the given label; exit code 77 means skipped.
# The scripts find the program in $SALUS, the source tree in $SALUS_SOURCE, reference data (which may
# be absent) in $SALUS_DATA, and a scratch folder that is theirs in $SALUS_TMP. Tests run side by side: one that
# starts several ranks counts as two. Torture has the machine for itself, since it does what it can in its time.

# Several mpirun side by side would bind their ranks, and the threads of a rank, to the same cores and wait busily there.
# ob1 is what ranks of one machine talk by in the end; looking at what else there is takes a tenth of a small run.
set(salus_mpi_environment OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_hwloc_base_binding_policy=none
    OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_pml=ob1 OMP_NUM_THREADS=1)
set(salus_serial_tests fault_torture)

function(salus_script_tests label timeout)
  file(GLOB scripts CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *.sh)
  foreach(script IN LISTS scripts)
    get_filename_component(name ${script} NAME_WE)
    set(test ${label}_${name})
    add_test(NAME ${test} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/${script})
    set_tests_properties(${test} PROPERTIES LABELS ${label} TIMEOUT ${timeout} SKIP_RETURN_CODE 77 ENVIRONMENT
      "SALUS=$<TARGET_FILE:salus>;SALUS_SOURCE=${CMAKE_SOURCE_DIR};SALUS_DATA=${CMAKE_SOURCE_DIR}/../shared/data;SALUS_TMP=${CMAKE_CURRENT_BINARY_DIR}/${name};SALUS_DEMO=${CMAKE_BINARY_DIR}/demo;${salus_mpi_environment}")
    file(STRINGS ${script} starts_ranks REGEX "mpirun" LIMIT_COUNT 1)
    if(starts_ranks)
      set_tests_properties(${test} PROPERTIES PROCESSORS 2)
    endif()
    if(test IN_LIST salus_serial_tests)
      set_tests_properties(${test} PROPERTIES RUN_SERIAL ON)
    endif()
    if(label STREQUAL slurm)
      # One cluster at a time. Most of its time goes by waiting: begun first, beside the others.
      set_tests_properties(${test} PROPERTIES PROCESSORS 1 RESOURCE_LOCK slurm COST 1000)
    endif()
  endforeach()
endfunction()
