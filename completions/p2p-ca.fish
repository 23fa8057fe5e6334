# Made by scripts/completions from `p2p-ca --dump-commands`; a test holds the two together.

function __p2p_ca_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case ' init' ' list' ' show' ' sign' ' verify'
                set at "$at $word"
        end
    end
    test "$at" = $argv[1]
end

complete -c p2p-ca -n "__p2p_ca_at ''" -f
complete -c p2p-ca -n "__p2p_ca_at ''" -a init -d 'Makes the CA of a fleet, and an operator certificate for this machine'
complete -c p2p-ca -n "__p2p_ca_at ''" -a list -d 'Lists the certificates here, with what is left of their time'
complete -c p2p-ca -n "__p2p_ca_at ''" -a show -d 'Shows what a certificate says'
complete -c p2p-ca -n "__p2p_ca_at ''" -a sign -d 'Makes key and certificate of nodes and operators'
complete -c p2p-ca -n "__p2p_ca_at ''" -a verify -d 'Checks that certificates are good: signed by this CA, valid now, with a role and their own key'
complete -c p2p-ca -n "__p2p_ca_at ''" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-ca -n "__p2p_ca_at ''" -l version -d 'print the version'
complete -c p2p-ca -n "__p2p_ca_at ''" -s h -l help -d 'print this help'
complete -c p2p-ca -n "__p2p_ca_at ''" -s o -l output -x -a 'table json yaml name' -d 'how to print'
complete -c p2p-ca -n "__p2p_ca_at ''" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-ca -n "__p2p_ca_at ''" -s v -l verbose -d 'say what is being done'
complete -c p2p-ca -n "__p2p_ca_at ' init'" -f
complete -c p2p-ca -n "__p2p_ca_at ' init'" -l days -x -d 'how long the CA is valid (default 3650)'
complete -c p2p-ca -n "__p2p_ca_at ' init'" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-ca -n "__p2p_ca_at ' init'" -l key-type -x -a 'ecdsa-p256 ed25519 rsa-2048 rsa-3072 rsa-4096' -d 'type of both keys, by default the first of'
complete -c p2p-ca -n "__p2p_ca_at ' init'" -l name -x -d 'name of the cluster (default p2p)'
complete -c p2p-ca -n "__p2p_ca_at ' init'" -l version -d 'print the version'
complete -c p2p-ca -n "__p2p_ca_at ' init'" -l yes -d 'answer the question of --force'
complete -c p2p-ca -n "__p2p_ca_at ' init'" -s f -l force -d 'replace a CA that is there already; asks first'
complete -c p2p-ca -n "__p2p_ca_at ' init'" -s h -l help -d 'print this help'
complete -c p2p-ca -n "__p2p_ca_at ' init'" -s o -l output -x -a 'table json yaml name' -d 'how to print'
complete -c p2p-ca -n "__p2p_ca_at ' init'" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-ca -n "__p2p_ca_at ' init'" -s v -l verbose -d 'say what is being done'
complete -c p2p-ca -n "__p2p_ca_at ' list'" -f
complete -c p2p-ca -n "__p2p_ca_at ' list'" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-ca -n "__p2p_ca_at ' list'" -l version -d 'print the version'
complete -c p2p-ca -n "__p2p_ca_at ' list'" -s h -l help -d 'print this help'
complete -c p2p-ca -n "__p2p_ca_at ' list'" -s o -l output -x -a 'table json yaml name' -d 'how to print'
complete -c p2p-ca -n "__p2p_ca_at ' list'" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-ca -n "__p2p_ca_at ' list'" -s v -l verbose -d 'say what is being done'
complete -c p2p-ca -n "__p2p_ca_at ' show'" -f
complete -c p2p-ca -n "__p2p_ca_at ' show'" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-ca -n "__p2p_ca_at ' show'" -l version -d 'print the version'
complete -c p2p-ca -n "__p2p_ca_at ' show'" -s h -l help -d 'print this help'
complete -c p2p-ca -n "__p2p_ca_at ' show'" -s o -l output -x -a 'table json yaml name' -d 'how to print'
complete -c p2p-ca -n "__p2p_ca_at ' show'" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-ca -n "__p2p_ca_at ' show'" -s v -l verbose -d 'say what is being done'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -f
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -l bundle -r -F -d 'also write certificate, key and CA to this one file; - is stdout'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -l days -x -d 'how long the certificate is valid (default 365)'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -l key-type -x -a 'ecdsa-p256 ed25519 rsa-2048 rsa-3072 rsa-4096' -d 'type of the key, by default the first of'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -l role -x -a 'worker coordinator operator' -d 'role in the fleet, by default the first of'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -l san -x -d 'another DNS name or IP address to be reached by; several with commas, or repeated'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -l version -d 'print the version'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -s f -l force -d 'sign anew what is signed already'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -s h -l help -d 'print this help'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -s o -l output -x -a 'table json yaml name' -d 'how to print'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-ca -n "__p2p_ca_at ' sign'" -s v -l verbose -d 'say what is being done'
complete -c p2p-ca -n "__p2p_ca_at ' verify'" -f
complete -c p2p-ca -n "__p2p_ca_at ' verify'" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-ca -n "__p2p_ca_at ' verify'" -l version -d 'print the version'
complete -c p2p-ca -n "__p2p_ca_at ' verify'" -s h -l help -d 'print this help'
complete -c p2p-ca -n "__p2p_ca_at ' verify'" -s o -l output -x -a 'table json yaml name' -d 'how to print'
complete -c p2p-ca -n "__p2p_ca_at ' verify'" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-ca -n "__p2p_ca_at ' verify'" -s v -l verbose -d 'say what is being done'
