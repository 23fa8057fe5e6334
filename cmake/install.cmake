install(TARGETS ${P2P_TOOLS} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

include(cmake/manuals.cmake)

foreach(tool ${P2P_TOOLS})
  if(EXISTS ${PROJECT_SOURCE_DIR}/completions/${tool}.bash)
    install(FILES completions/${tool}.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${tool})
    install(FILES completions/_${tool} DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
    install(FILES completions/${tool}.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
  endif()
endforeach()

# systemd looks under lib, whatever the library folder of the distribution is called.
install(FILES packaging/p2p-node.service DESTINATION lib/systemd/system)
install(FILES packaging/p2p.sysusers DESTINATION lib/sysusers.d RENAME p2p.conf)
install(FILES packaging/p2p.tmpfiles DESTINATION lib/tmpfiles.d RENAME p2p.conf)

set(doc_folder ${CMAKE_INSTALL_DATADIR}/doc/p2p)
install(FILES README.md CHANGELOG.md packaging/copyright DESTINATION ${doc_folder})
install(FILES config/coordinator.yaml config/worker.yaml DESTINATION ${doc_folder}/examples)
# A node refuses what others may write, so the modes are given, not those of the checkout.
install(DIRECTORY config/services DESTINATION ${doc_folder}/examples FILES_MATCHING
  PATTERN "*.yaml" PATTERN "*.py" PATTERN "*.cpp"
  PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
install(DIRECTORY config/services DESTINATION ${doc_folder}/examples FILES_MATCHING PATTERN "*.sh"
  PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

include(cmake/package.cmake)
