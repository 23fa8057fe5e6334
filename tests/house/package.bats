#!/usr/bin/env bats
# The .deb holds what it should, with safe modes, and its scripts and unit are sound. Needs BUILD, the build folder.

setup_file() {
  cpack --config "$BUILD/CPackConfig.cmake" -B "$BATS_FILE_TMPDIR" >"$BATS_FILE_TMPDIR/log" 2>&1 || cat "$BATS_FILE_TMPDIR/log"
  deb=$(echo "$BATS_FILE_TMPDIR"/p2p_*.deb)
  mkdir "$BATS_FILE_TMPDIR/root" "$BATS_FILE_TMPDIR/control"
  dpkg-deb -x "$deb" "$BATS_FILE_TMPDIR/root"
  dpkg-deb -e "$deb" "$BATS_FILE_TMPDIR/control"
  export deb root=$BATS_FILE_TMPDIR/root control=$BATS_FILE_TMPDIR/control
}

@test "every tool is there, with its manual page and three completions" {
  for tool in p2p-node p2p-ca p2p-vault p2p-ctl p2p-logs p2p-probe; do
    echo "$tool"
    test -x "$root/usr/bin/$tool"
    compgen -G "$root/usr/share/man/man[18]/$tool.[18]"
    test -s "$root/usr/share/bash-completion/completions/$tool"
    test -s "$root/usr/share/zsh/site-functions/_$tool"
    test -s "$root/usr/share/fish/vendor_completions.d/$tool.fish"
  done
}

@test "the example configurations and services are there" {
  test -s "$root/usr/share/doc/p2p/examples/coordinator.yaml"
  test -s "$root/usr/share/doc/p2p/examples/worker.yaml"
  local services=$root/usr/share/doc/p2p/examples/services
  [ "$(cd "$services" && find . -type f -printf '%P %m\n' | sort | xargs)" = \
    'checks/checks.py 644 checks/service.yaml 644 disk/disk.sh 755 disk/service.yaml 644 load/load.cpp 644 load/service.yaml 644 logfile/logfile.sh 755 logfile/service.yaml 644' ]
}

@test "everything belongs to root and nobody else may write it" {
  run bash -c 'dpkg-deb -c "$deb" | grep -vE "^[-d][-rwx]{4}-..-. root/root "'
  echo "$output"
  [ -z "$output" ]
}

@test "nothing is put where a purge would take it: /var and /etc are left alone" {
  [ "$(ls "$root")" = usr ]
}

@test "the libraries that the tools need are dependencies" {
  run dpkg-deb -f "$deb" Depends
  [[ $output == *libssl3* ]]
  [[ $output == *libsqlite3-0* ]]
  [[ $output == *libdeflate0* ]]
  [[ $output == *libnl-3-200* ]]
}

@test "the maintainer scripts parse, and none starts or enables the service" {
  for script in postinst prerm postrm; do
    test -x "$control/$script"
    sh -n "$control/$script"
  done
  run grep -E 'systemctl.* (start|enable)|deb-systemd-invoke (start|restart)|deb-systemd-helper enable' "$control"/p*
  [ "$status" -eq 1 ]
}

@test "systemd accepts the unit" {
  command -v systemd-analyze >/dev/null || skip "systemd is not installed"
  # Its programs and pages are looked up on this machine, where they need not be installed.
  sed -e "s|^ExecStart=p2p-node|ExecStart=$root/usr/bin/p2p-node|" -e '/^Documentation/d' \
    "$root/usr/lib/systemd/system/p2p-node.service" >"$BATS_TEST_TMPDIR/p2p-node.service"
  run systemd-analyze verify --man=no "$BATS_TEST_TMPDIR/p2p-node.service"
  echo "$output"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
}

# calls_of SET  the system calls of one of systemd's sets, those of the sets in it too
calls_of() {
  local name
  systemd-analyze syscall-filter "$1" | sed -E '1d; /^ *(#|$)/d; s/^ +//' | while read -r name; do
    if [[ $name == @* ]]; then calls_of "$name"; else echo "$name"; fi
  done
}

@test "the walls of the unit leave the calls by which the thread that indexes logs lets others go first" {
  command -v systemd-analyze >/dev/null || skip "systemd is not installed"
  local allowed='' listed word named
  while read -r listed; do
    named=$(for word in ${listed#\~}; do if [[ $word == @* ]]; then calls_of "$word"; else echo "$word"; fi; done)
    if [[ $listed == \~* ]]; then
      allowed=$(grep -vxFf <(echo "$named") <<<"$allowed")
    else
      allowed+=$'\n'$named
    fi
  done < <(sed -n 's/^SystemCallFilter=//p' "$root/usr/lib/systemd/system/p2p-node.service")
  grep -qx sched_setscheduler <<<"$allowed"
  grep -qx setpriority <<<"$allowed"
  run grep -xE 'setuid|mbind|sched_setaffinity' <<<"$allowed"
  [ "$status" -eq 1 ]
}
