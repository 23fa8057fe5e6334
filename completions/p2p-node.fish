# Made by scripts/completions from `p2p-node --dump-commands`; a test holds the two together.

function __p2p_node_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case ' doctor' ' join'
                set at "$at $word"
        end
    end
    test "$at" = $argv[1]
end

complete -c p2p-node -n "__p2p_node_at ''" -f
complete -c p2p-node -n "__p2p_node_at ''" -a doctor -d 'Say why this node does not join, and what to do'
complete -c p2p-node -n "__p2p_node_at ''" -a join -d 'Make this machine a member of a fleet, with an invitation'
complete -c p2p-node -n "__p2p_node_at ''" -l check-config -d 'check the configuration and exit'
complete -c p2p-node -n "__p2p_node_at ''" -l config-manual -d 'print the manual\'s section on configuration keys (scdoc)'
complete -c p2p-node -n "__p2p_node_at ''" -l config-schema -d 'print the JSON Schema of the configuration, for editors'
complete -c p2p-node -n "__p2p_node_at ''" -l dump-config -d 'print the effective configuration, with where each value came from'
complete -c p2p-node -n "__p2p_node_at ''" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-node -n "__p2p_node_at ''" -l set -x -d 'override one configuration key'
complete -c p2p-node -n "__p2p_node_at ''" -l version -d 'print the version'
complete -c p2p-node -n "__p2p_node_at ''" -s c -l config -r -F -d 'read this configuration instead of config/node.yaml in home'
complete -c p2p-node -n "__p2p_node_at ''" -s h -l help -d 'print this help'
complete -c p2p-node -n "__p2p_node_at ''" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-node -n "__p2p_node_at ''" -s v -l verbose -d 'say what is being done'
complete -c p2p-node -n "__p2p_node_at ' doctor'" -f
complete -c p2p-node -n "__p2p_node_at ' doctor'" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-node -n "__p2p_node_at ' doctor'" -l set -x -d 'override one configuration key'
complete -c p2p-node -n "__p2p_node_at ' doctor'" -l version -d 'print the version'
complete -c p2p-node -n "__p2p_node_at ' doctor'" -s c -l config -r -F -d 'check this configuration instead of config/node.yaml in home'
complete -c p2p-node -n "__p2p_node_at ' doctor'" -s h -l help -d 'print this help'
complete -c p2p-node -n "__p2p_node_at ' doctor'" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-node -n "__p2p_node_at ' doctor'" -s v -l verbose -d 'say what is being done'
complete -c p2p-node -n "__p2p_node_at ' join'" -f
complete -c p2p-node -n "__p2p_node_at ' join'" -l force -d 'replace the certificate, key and configuration of another node in this home'
complete -c p2p-node -n "__p2p_node_at ' join'" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-node -n "__p2p_node_at ' join'" -l invitation-file -r -F -d 'read it from this file, - for standard input (else $P2P_INVITATION, or a question)'
complete -c p2p-node -n "__p2p_node_at ' join'" -l run -d 'then run the node, as p2p-node does'
complete -c p2p-node -n "__p2p_node_at ' join'" -l version -d 'print the version'
complete -c p2p-node -n "__p2p_node_at ' join'" -s h -l help -d 'print this help'
complete -c p2p-node -n "__p2p_node_at ' join'" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-node -n "__p2p_node_at ' join'" -s v -l verbose -d 'say what is being done'
