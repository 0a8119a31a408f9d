# The keyring: GNOME Keyring in a D-Bus session of its own with a home of its own, unlocked, then locked; one in which
# there is no collection; and a session without a keyring.

packages=(
  "gnome-keyring-daemon gnome-keyring"
  "dbus-run-session dbus-daemon"
  "dbus-send dbus-bin"
)

run_part() {
  local tests
  # Built before: the home in which the tests run has no cargo.
  tests=$(cargo test -q -p oauth-stores --features interop-keyring --test interop_keyring --no-run --message-format=json \
    | sed -n 's/.*"executable":"\([^"]*interop_keyring[^"]*\)".*/\1/p' | tail -n 1)
  [[ -x $tests ]] || die "keyring: the tests were not built"

  # A bus that starts nothing by itself.
  cat >"$run_dir/bus.conf" <<'END'
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
END
  session unlocked "$tests" unlocked:: shut::
  session empty "$tests" empty::
  session nobody "$tests" nobody::
}

# session KEYRING TESTS FILTER...: runs the tests of each filter, one after the other, in one session with that keyring.
session() {
  local keyring=$1 home
  home=$(mktemp -d "$run_dir/home.XXXXXX")
  mkdir -m 700 "$home/runtime"
  env -u DISPLAY -u WAYLAND_DISPLAY -u DBUS_SESSION_BUS_ADDRESS HOME="$home" XDG_RUNTIME_DIR="$home/runtime" \
    XDG_DATA_HOME="$home/data" XDG_CONFIG_HOME="$home/config" XDG_CACHE_HOME="$home/cache" \
    OAUTH_TEST_KEYRING="$keyring" OAUTH_TEST_KEYRING_LOG="$run_dir/server.log" \
    dbus-run-session --config-file="$run_dir/bus.conf" -- bash -euo pipefail -c "$(declare -f inside); inside \"\$@\"" \
    inside "$@" || die "keyring: the session '$keyring' failed"
}

# inside KEYRING TESTS FILTER...: what runs in the session.
inside() {
  local keyring=$1 tests=$2 filter
  daemon=
  shift 2
  trap '[[ -z $daemon ]] || kill "$daemon" 2>/dev/null || true' EXIT
  case $keyring in
    unlocked) gnome-keyring-daemon --foreground --components=secrets --unlock < <(head -c 16 /dev/urandom | base64) \
      >>"$OAUTH_TEST_KEYRING_LOG" 2>&1 & ;;
    empty) gnome-keyring-daemon --foreground --components=secrets >>"$OAUTH_TEST_KEYRING_LOG" 2>&1 </dev/null & ;;
  esac
  if [[ $keyring != nobody ]]; then
    daemon=$!
    for ((i = 0; i < 300; i++)); do
      dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
        string:org.freedesktop.secrets | grep -q true && break
      kill -0 "$daemon" || return 1
      sleep 0.1
    done
  fi
  for filter in "$@"; do
    "$tests" -q --test-threads=1 "$filter" || return 1
  done
}
