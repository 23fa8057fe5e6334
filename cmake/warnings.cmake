# Flags that every target of this project shares.
add_library(p2p_flags INTERFACE)
target_compile_options(p2p_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Woverloaded-virtual
  -Wimplicit-fallthrough -Werror)
target_compile_definitions(p2p_flags INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE P2P_VERSION="${PROJECT_VERSION}")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside the standard library and Asio at -O2 where nothing is wrong (PR 105329, PR 105762).
  target_compile_options(p2p_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds
    -Wno-dangling-pointer -Wno-mismatched-new-delete -Wno-tsan)
  # Up to 600 MB it does not look for memory that it could free: a seventh less time.
  target_compile_options(p2p_flags INTERFACE "SHELL:--param ggc-min-heapsize=600000")
endif()
if(CMAKE_UNITY_BUILD)
  # A unity build includes the sources, and GCC takes every file that is included for a header.
  target_compile_options(p2p_flags INTERFACE -Wno-subobject-linkage)
endif()
if(P2P_SANITIZE)
  target_compile_options(p2p_flags INTERFACE -fsanitize=${P2P_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(p2p_flags INTERFACE -fsanitize=${P2P_SANITIZE})
endif()
