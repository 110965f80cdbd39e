# unmask_swig(LANGUAGE OUT_FOLDER SOURCE [SWIG arguments]): runs SWIG on unmask.i. The language's files go to OUT_FOLDER;
# SOURCE is the C++ file to be compiled into the native module.
set(UNMASK_BINDINGS_FOLDER ${CMAKE_CURRENT_LIST_DIR})

function(unmask_swig language out_folder source)
  set(folder ${UNMASK_BINDINGS_FOLDER})
  get_filename_component(header_folder ${folder}/../capi ABSOLUTE)
  add_custom_command(OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${out_folder}
    COMMAND ${SWIG_EXECUTABLE} -c++ -${language} -w321 -I${header_folder} -outdir ${out_folder} ${ARGN}
            -o ${source} ${folder}/unmask.i
    DEPENDS ${folder}/unmask.i ${folder}/classes.h ${folder}/handle.h ${folder}/${language}/${language}.i
            ${header_folder}/unmask.h
    COMMENT "SWIG: unmask.i for ${language}" VERBATIM)
endfunction()

# unmask_native_module(target source): the generated code with the classes, beside the library or finding it.
function(unmask_native_module target source)
  add_library(${target} MODULE ${source} ${UNMASK_BINDINGS_FOLDER}/classes.cpp)
  target_include_directories(${target} PRIVATE ${UNMASK_BINDINGS_FOLDER})
  target_link_libraries(${target} PRIVATE Unmask::unmask)
  target_compile_features(${target} PRIVATE cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET hidden INSTALL_RPATH $ORIGIN)
  set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-w;-O1")  # generated
endfunction()
