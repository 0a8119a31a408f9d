# Redis: a primary on 127.0.0.1 with a password, plain and with TLS under a certificate of its own, and a replica of it.
# valkey.sh runs the same over Valkey: `flavour` is what the commands of either begin with.

flavour=${flavour:-redis}
server_user=${server_user:-$flavour}
packages=(
  "$flavour-server $flavour-server"
  "openssl openssl"
)

run_part() {
  local port tls_port replica_port password
  port=$(free_port)
  tls_port=$(free_port)
  replica_port=$(free_port)
  password=$(openssl rand -hex 16)

  mkdir "$run_dir/primary" "$run_dir/replica"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
    -keyout "$run_dir/server.key" -out "$run_dir/server.crt" 2>>"$run_dir/server.log"
  # The password is in files that only the server reads, and in no argument.
  (
    umask 077
    printf '%s\n' "requirepass $password" "bind 127.0.0.1" "appendonly yes" >"$run_dir/common.conf"
    printf '%s\n' "include $run_dir/common.conf" "port $port" "dir $run_dir/primary" \
      "tls-port $tls_port" "tls-cert-file $run_dir/server.crt" "tls-key-file $run_dir/server.key" \
      "tls-auth-clients no" >"$run_dir/primary.conf"
    printf '%s\n' "include $run_dir/common.conf" "port $replica_port" "dir $run_dir/replica" \
      "replicaof 127.0.0.1 $port" "masterauth $password" >"$run_dir/replica.conf"
  )
  if [[ $(id -u) -eq 0 ]]; then
    chown -R "$server_user" "$run_dir"
  fi

  start "$flavour-server" "$run_dir/primary.conf"
  await "the primary" answers "$port" "$password"
  start "$flavour-server" "$run_dir/replica.conf"
  await "the replica" answers "$replica_port" "$password"

  chmod 755 "$run_dir"
  OAUTH_TEST_REDIS_URL="redis://:$password@127.0.0.1:$port" \
  OAUTH_TEST_REDIS_TLS_URL="rediss://:$password@127.0.0.1:$tls_port" \
  OAUTH_TEST_REDIS_CA="$run_dir/server.crt" \
  OAUTH_TEST_REDIS_REPLICA_URL="redis://:$password@127.0.0.1:$replica_port" \
    cargo test -q -p oauth-stores --features interop-redis --test interop_redis
  OAUTH_TEST_REDIS_URL="redis://:$password@127.0.0.1:$port" processes redis
}

# answers PORT PASSWORD: whether the server there is up.
answers() {
  [[ $(REDISCLI_AUTH=$2 VALKEYCLI_AUTH=$2 "$flavour-cli" -h 127.0.0.1 -p "$1" ping) == PONG ]]
}
