# PostgreSQL: a fresh cluster on loopback, with TLS under a certificate of its own, and a standby that follows it.

server_user=postgres
packages=(
  "/usr/lib/postgresql/*/bin/initdb postgresql"
  "openssl openssl"
)

run_part() {
  local bin port password standby_port url
  bin=$(compgen -G "/usr/lib/postgresql/*/bin" | sort -V | tail -n 1)
  port=$(free_port)
  password=$(openssl rand -hex 16)

  (umask 077 && printf '%s\n' "$password" >"$run_dir/password")
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=tests of oauth-stores" \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
    -keyout "$run_dir/server.key" -out "$run_dir/server.crt" 2>>"$run_dir/server.log"
  chmod 600 "$run_dir/server.key"
  if [[ $(id -u) -eq 0 ]]; then
    chown "$server_user" "$run_dir"/server.key "$run_dir"/server.crt "$run_dir"/password
  fi

  as_user "$bin/initdb" -D "$run_dir/data" -U postgres -A scram-sha-256 --pwfile="$run_dir/password" \
    -E UTF8 --locale=C >>"$run_dir/server.log" 2>&1 || die "postgres: initdb failed"
  start_postgres data "$port"
  await "the server" ask "$port" 'SELECT 1'

  as_user env PGPASSWORD="$password" "$bin/pg_basebackup" -h 127.0.0.1 -p "$port" -U postgres \
    -D "$run_dir/standby" -R -c fast >>"$run_dir/server.log" 2>&1 || die "postgres: pg_basebackup failed"
  standby_port=$(free_port)
  start_postgres standby "$standby_port"
  await "the standby" ask "$standby_port" 'SELECT 1'

  chmod 755 "$run_dir" # for the certificate; the data is its owner's alone
  url=postgres://postgres:$password@127.0.0.1
  OAUTH_TEST_POSTGRES_URL=$url:$port/postgres \
  OAUTH_TEST_POSTGRES_STANDBY_URL=$url:$standby_port/postgres \
  OAUTH_TEST_POSTGRES_CA=$run_dir/server.crt \
    cargo test -q -p oauth-stores --features interop-postgres --lib --test interop_postgres -- --test-threads=8
  cargo run -q -p oauth-stores --features postgres --example postgres -- "$url:$port/postgres"
  OAUTH_TEST_POSTGRES_URL=$url:$port/postgres processes postgres
}

# start_postgres DATA PORT: 127.0.0.2 is there for a name that is not in the certificate.
start_postgres() {
  start "$bin/postgres" -D "$run_dir/$1" -c listen_addresses=127.0.0.1,127.0.0.2 -c port="$2" \
    -c unix_socket_directories="$run_dir" -c max_connections=400 -c fsync=off \
    -c ssl=on -c ssl_cert_file="$run_dir/server.crt" -c ssl_key_file="$run_dir/server.key"
}

# ask PORT SQL
ask() {
  as_user env PGPASSWORD="$password" "$bin/psql" -h 127.0.0.1 -p "$1" -U postgres -c "$2" postgres
}
