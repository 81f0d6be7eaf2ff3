# shellcheck shell=bash
# What the scripts in this folder share: a server on a fresh directory, a client's program run against it, and a look at
# what it left with kt's own commands. Sourced by CLIENT/run, each of which tells one client's story:
#
#   codecs  3 partitions: 50 records of each codec that the client has, with keys and headers, and a record without value
#   work    4 partitions: read by the two members of the group `readers`, who join and leave
#   paid    1 partition: transactions, committed and aborted
#   shape   created, described, altered, trimmed and deleted through the client's admin
#
# KT=path uses that binary instead of building one. BOOTSTRAP=host:port uses that server, a fresh one, and leaves out the
# look with kt's commands: that is how a story is checked against the real Kafka.
clients=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/kafka/lib.sh
. "$clients/../kafka/lib.sh"
folder=$(cd "$(dirname "$0")" && pwd)
name=${folder##*/}
tools=$root/target/clients/tools
server_pid=

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

# Debian's packages that bring these programs, unless the programs are there.
need() { # PROGRAM=PACKAGE...
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [[ ${#missing[@]} == 0 ]] || debian "${missing[@]}"
}

debian() { # PACKAGE...
  as_root apt-get -q update
  as_root apt-get -q install --yes --no-install-recommends "$@"
}

# Whether STAMP must be made: it is missing or older than one of the files.
outdated() { # STAMP FILE...
  local stamp=$1 file
  shift
  [[ -f $stamp ]] || return 0
  for file in "$@"; do
    [[ $file -nt $stamp ]] && return 0
  done
  return 1
}

# A virtual environment of this folder's own, with what its requirements.txt says.
python_environment() {
  local home=$tools/$name/python
  python=$home/bin/python
  outdated "$home/installed" "$folder/requirements.txt" || return 0
  python3 -c 'import ensurepip' 2>/dev/null || debian python3 python3-venv
  rm -rf "$home"
  python3 -m venv "$home"
  "$python" -m pip install --quiet --requirement "$folder/requirements.txt"
  touch "$home/installed"
}

# Kafka's Java client, Streams and Connect in $jars, and this folder's classes in $classes, for java_program.
java_environment() {
  jars=$tools/java/libs
  classes=$tools/$name/classes
  need javac=openjdk-17-jdk-headless mvn=maven
  if outdated "$tools/java/fetched" "$clients/java/pom.xml"; then
    rm -rf "$jars"
    mvn -q -B -Dstyle.color=never -f "$clients/java/pom.xml" dependency:copy-dependencies -DoutputDirectory="$jars"
    touch "$tools/java/fetched"
  fi
  if outdated "$classes/compiled" "$tools/java/fetched" "$folder"/*.java; then
    rm -rf "$classes"
    javac -Xlint:all,-processing,-classfile,-try -cp "$jars/*" -d "$classes" "$folder"/*.java
    touch "$classes/compiled"
  fi
  export -f java_program
  export classes jars root
}

java_program() { # CLASS ARGUMENTS...
  exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx512m "-Dlog4j2.configurationFile=$root/tests/kafka/log4j2.properties" \
    -cp "$classes:$jars/*" "$@"
}

# The folder's go.mod as a program, in $program.
go_program() {
  program=$tools/$name/client
  need go=golang-go
  mkdir -p "${program%/*}"
  (cd "$folder" && go build -mod=readonly -o "$program" .)
}

# ----------------------------------------------------------------------------------------------------- the server

# With INSTALL_ONLY=1 a script ends here, so that everything can be brought before anything is timed.
begin_story() {
  [[ ${INSTALL_ONLY:-} == 1 ]] && exit
  begin "$root/target/clients/$name"
  trap stop_server EXIT
  if [[ -n ${BOOTSTRAP:-} ]]; then
    bootstrap=$BOOTSTRAP
  else
    find_kt
    export KT_DATA_DIR=$run/data
    bootstrap=127.0.0.1:$(free_port)
    start_server
  fi
  export BOOTSTRAP_SERVERS=$bootstrap
}

start_server() { # on $bootstrap and KT_DATA_DIR
  local i
  "$kt" serve --listen "$bootstrap" >>"$run/server.log" 2>&1 </dev/null &
  server_pid=$!
  for ((i = 0; i < 600; i++)); do
    if (: <"/dev/tcp/${bootstrap/://}") 2>/dev/null; then return; fi
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.05
  done
  cat "$run/server.log" >&2
  fail "kt serve does not start"
}

stop_server() { # [SIGNAL]
  [[ -n $server_pid ]] || return 0
  kill "${1:--15}" "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
  server_pid=
}

# ------------------------------------------------------------------------------------------------------ the story

# Runs a program, which must end well within the limit, and adds what it says to $run/said.
tell() { # COMMAND...
  local status=0
  timeout --kill-after=5 "${LIMIT:-300}" "$@" >"$run/saying" 2>"$run/errors" || status=$?
  cat "$run/saying" >>"$run/said"
  [[ $status == 0 ]] && return
  tail -n 40 "$run/said" "$run/errors" >&2
  [[ ! -f $run/server.log ]] || tail -n 20 "$run/server.log" >&2
  fail "${*##*/} ended with status $status"
}

said_as_expected() { same "what the client says" "$folder/expected" "$run/said"; }

with_kt() { [[ -z ${BOOTSTRAP:-} ]]; }

count_is() { # WHAT EXPECTED ACTUAL
  [[ $2 == "$3" ]] || fail "$1: $3 instead of $2"
}

# The records of `codecs` as kt reads them from the directory, by partition and offset left out.
codecs_hold() { # CODEC...
  local codec
  {
    for codec in "$@"; do
      seq 0 49 | sed "s/.*/codec:$codec|key-&|$codec &, a line that compresses because it is like the others/"
    done
    echo 'NO_HEADERS|gone|null'
  } | sort >"$run/codecs.expected"
  "$kt" consume --topic codecs --from-beginning --max-messages $((50 * $# + 1)) --timeout-ms 20000 \
    --formatter-property print.key=true --formatter-property print.headers=true \
    --formatter-property key.separator='|' 2>/dev/null | sort >"$run/codecs"
  same "the records of codecs" "$run/codecs.expected" "$run/codecs"
}

# The group has committed everything: this many records, over 4 partitions.
group_has_read() { # GROUP COUNT
  "$kt" groups --describe --group "$1" 2>"$run/groups.errors" >"$run/groups" || true
  awk -v group="$1" '$1 == group { partitions++; read += $4; lag += $6 } END { print partitions + 0, read + 0, lag + 0 }' \
    "$run/groups" >"$run/read"
  count_is "partitions, records and lag of $1" "4 $2 0" "$(cat "$run/read")"
}

# Of `paid`, the committed transactions can be read, and of the others nothing; but a reader of everything sees them.
paid_holds() { # COMMITTED ALL
  local isolation
  for isolation in read_committed read_uncommitted; do
    "$kt" consume --topic paid --from-beginning --isolation-level "$isolation" --timeout-ms 500 2>/dev/null \
      >"$run/paid.$isolation" || true
  done
  count_is "committed records of paid" "$1" "$(grep -c '^paid' "$run/paid.read_committed")"
  count_is "aborted records of paid" 0 "$(grep -c '^void' "$run/paid.read_committed" || true)"
  count_is "records of paid" "$2" "$(wc -l <"$run/paid.read_uncommitted")"
}

no_topic() { # TOPIC
  ! "$kt" topics --list | grep -qx "$1" || fail "the topic $1 is still there"
}
