# Made by scripts/completions from `p2p-logs --dump-commands`; a test holds the two together.

function __p2p_logs_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case ' query' ' sources' ' tail'
                set at "$at $word"
        end
    end
    test "$at" = $argv[1]
end

complete -c p2p-logs -n "__p2p_logs_at ''" -f
complete -c p2p-logs -n "__p2p_logs_at ''" -a query -d 'Searches what is stored'
complete -c p2p-logs -n "__p2p_logs_at ''" -a sources -d 'Lists the nodes and loggers that have records'
complete -c p2p-logs -n "__p2p_logs_at ''" -a tail -d 'Shows the last records, then new ones as they come'
complete -c p2p-logs -n "__p2p_logs_at ''" -l cert -r -F -d 'the certificate to show (else $P2P_TOKEN, the context\'s)'
complete -c p2p-logs -n "__p2p_logs_at ''" -l context -x -a '(p2p-ctl __names contexts </dev/null 2>/dev/null)' -d 'the fleet to talk to, as in "p2p-ctl context ls"'
complete -c p2p-logs -n "__p2p_logs_at ''" -l coordinator -x -d 'the coordinator to talk to (else $P2P_COORDINATOR, the context, 127.0.0.1:8001)'
complete -c p2p-logs -n "__p2p_logs_at ''" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-logs -n "__p2p_logs_at ''" -l key -r -F -d 'the key of that certificate'
complete -c p2p-logs -n "__p2p_logs_at ''" -l version -d 'print the version'
complete -c p2p-logs -n "__p2p_logs_at ''" -s h -l help -d 'print this help'
complete -c p2p-logs -n "__p2p_logs_at ''" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-logs -n "__p2p_logs_at ''" -s v -l verbose -d 'say what is being done'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -f
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l cert -r -F -d 'the certificate to show (else $P2P_TOKEN, the context\'s)'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l context -x -a '(p2p-ctl __names contexts </dev/null 2>/dev/null)' -d 'the fleet to talk to, as in "p2p-ctl context ls"'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l coordinator -x -d 'the coordinator to talk to (else $P2P_COORDINATOR, the context, 127.0.0.1:8001)'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l grep -x -d 'only messages that contain this, whatever the case'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l key -r -F -d 'the key of that certificate'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l level -x -a 'DEBUG INFO WARNING ERROR CRITICAL' -d 'this level and above'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l logger -x -d 'only these loggers, such as \'Service.*\''
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l node -x -a '(p2p-ctl __names nodes </dev/null 2>/dev/null)' -d 'only these nodes'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l regex -x -d 'only messages in which this RE2 expression is found'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l reverse -d 'newest first'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l since -x -d 'from then on: 10m, 3d, yesterday, 2026-01-02 or RFC 3339'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l until -x -d 'before then'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -l version -d 'print the version'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -s h -l help -d 'print this help'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -s n -l limit -x -d 'the newest N of them, 1000 by default; 0 for all'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -s o -l output -x -a 'text json' -d 'lines for people, or one JSON object a line'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-logs -n "__p2p_logs_at ' query'" -s v -l verbose -d 'say what is being done'
complete -c p2p-logs -n "__p2p_logs_at ' sources'" -f
complete -c p2p-logs -n "__p2p_logs_at ' sources'" -l cert -r -F -d 'the certificate to show (else $P2P_TOKEN, the context\'s)'
complete -c p2p-logs -n "__p2p_logs_at ' sources'" -l context -x -a '(p2p-ctl __names contexts </dev/null 2>/dev/null)' -d 'the fleet to talk to, as in "p2p-ctl context ls"'
complete -c p2p-logs -n "__p2p_logs_at ' sources'" -l coordinator -x -d 'the coordinator to talk to (else $P2P_COORDINATOR, the context, 127.0.0.1:8001)'
complete -c p2p-logs -n "__p2p_logs_at ' sources'" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-logs -n "__p2p_logs_at ' sources'" -l key -r -F -d 'the key of that certificate'
complete -c p2p-logs -n "__p2p_logs_at ' sources'" -l version -d 'print the version'
complete -c p2p-logs -n "__p2p_logs_at ' sources'" -s h -l help -d 'print this help'
complete -c p2p-logs -n "__p2p_logs_at ' sources'" -s o -l output -x -a 'table json yaml name' -d 'how to print'
complete -c p2p-logs -n "__p2p_logs_at ' sources'" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-logs -n "__p2p_logs_at ' sources'" -s v -l verbose -d 'say what is being done'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -f
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l cert -r -F -d 'the certificate to show (else $P2P_TOKEN, the context\'s)'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l context -x -a '(p2p-ctl __names contexts </dev/null 2>/dev/null)' -d 'the fleet to talk to, as in "p2p-ctl context ls"'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l coordinator -x -d 'the coordinator to talk to (else $P2P_COORDINATOR, the context, 127.0.0.1:8001)'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l grep -x -d 'only messages that contain this, whatever the case'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l home -x -a '(__fish_complete_directories)' -d 'where certificates and configuration are (else $P2P_HOME, ~/.p2p)'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l key -r -F -d 'the key of that certificate'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l level -x -a 'DEBUG INFO WARNING ERROR CRITICAL' -d 'this level and above'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l logger -x -d 'only these loggers, such as \'Service.*\''
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l no-follow -d 'end after the last records'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l node -x -a '(p2p-ctl __names nodes </dev/null 2>/dev/null)' -d 'only these nodes'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l regex -x -d 'only messages in which this RE2 expression is found'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -l version -d 'print the version'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -s h -l help -d 'print this help'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -s n -l lines -x -d 'how many of the last records first, 10 by default'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -s o -l output -x -a 'text json' -d 'lines for people, or one JSON object a line'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -s q -l quiet -d 'say only what went wrong'
complete -c p2p-logs -n "__p2p_logs_at ' tail'" -s v -l verbose -d 'say what is being done'
