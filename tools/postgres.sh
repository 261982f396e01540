# shellcheck shell=bash
# A throw-away PostgreSQL for the tests: own folder, own port, gone afterwards. Sourced by ./dev.

postgres_folder=
postgres_as=()

# The newest server's programs; Debian keeps them outside PATH.
postgres_bin() {
  local found
  found=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort --version-sort | tail -n 1)
  if [[ ! -x $found ]]; then
    found=$(command -v initdb) || return 1
  fi
  dirname "$found"
}

# postgresql-15 where Debian has it (bookworm), else the version that this Debian has.
postgres_package() {
  if ! command -v apt-cache >/dev/null || apt-cache show postgresql-15 >/dev/null 2>&1; then
    echo postgresql-15
  else
    echo postgresql
  fi
}

# The server refuses to run as root: then it runs as `postgres`, or as `nobody`.
postgres_choose_user() {
  postgres_as=()
  if [[ $EUID -eq 0 ]]; then
    local user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    postgres_as=(runuser --user "$user" --)
    chown "$user" "$postgres_folder"
  fi
}

postgres_run() {
  local program=$1
  shift
  # The server's user may not be able to read the folder we stand in.
  (cd / && "${postgres_as[@]}" "$(postgres_bin)/$program" "$@")
}

port_is_free() {
  ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Starts the server and exports SHUYU_TEST_PG. No fsync: this data is worth nothing.
# Listens on loopback and on a socket in its own folder; the password keeps other local users out.
postgres_start() {
  local password port try options log
  postgres_folder=$(mktemp --directory /tmp/shuyu-pg.XXXXXX)
  log=$postgres_folder/log
  postgres_choose_user
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  # Written while the folder is still closed to everybody else (mktemp makes it 0700).
  printf '%s' "$password" >"$postgres_folder/password"
  chmod 0644 "$postgres_folder/password"
  if ! postgres_run initdb --pgdata="$postgres_folder/data" --username=shuyu --encoding=UTF8 \
    --locale=C.UTF-8 --auth=password --pwfile="$postgres_folder/password" --no-sync >"$log.initdb" 2>&1; then
    cat "$log.initdb" >&2
    die 'PostgreSQL could not make its folder'
  fi
  for try in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 10000))
    port_is_free "$port" || continue
    options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$postgres_folder"
    options+=' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200'
    if postgres_run pg_ctl start --pgdata="$postgres_folder/data" --log="$log" --wait --silent \
      --options="$options" >/dev/null; then
      PGPASSWORD=$password postgres_run createdb --host=127.0.0.1 --port="$port" --username=shuyu shuyu_test
      export SHUYU_TEST_PG="postgres://shuyu:$password@127.0.0.1:$port/shuyu_test"
      return
    fi
    echo "port $port was taken after all (try $try)" >&2
  done
  cat "$log" >&2
  die 'PostgreSQL did not start'
}

# Safe to call at any time, also when nothing runs.
postgres_stop() {
  if [[ -z $postgres_folder ]]; then
    return
  fi
  if [[ -e $postgres_folder/data/postmaster.pid ]]; then
    postgres_run pg_ctl stop --pgdata="$postgres_folder/data" --mode=immediate --wait --silent || true
  fi
  rm -rf "$postgres_folder"
  postgres_folder=
}
