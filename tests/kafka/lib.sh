# shellcheck shell=bash
# The real Kafka 4.2 for the scripts beside this file: its jars, its tools, a broker on a directory. Sourced; needs java and
# mvn. Fetches Kafka's jars into target/kafka/libs; `run` is the directory that the script works in.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
home=$root/target/kafka
libs=$home/libs
bootstrap=
broker_pid=

fail() {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 1
}

say() { printf '%s\n' "-- $*"; }

# The binary that is tested: KT, or a release build.
find_kt() {
  if [[ -z ${KT:-} ]]; then
    (cd "$root" && cargo build --quiet --locked --release)
    KT=$root/target/release/kt
  fi
  kt=$KT
}

begin() { # DIRECTORY
  run=$1
  rm -rf "$run"
  mkdir -p "$run"
  trap stop_broker EXIT
  export LC_ALL=C.UTF-8 TZ=UTC
  unset KT_OFFLINE
}

# ---------------------------------------------------------------------------------------------- the real Kafka

install_kafka() {
  [[ $home/installed -nt $here/pom.xml ]] && return
  say "fetching Kafka's jars"
  mkdir -p "$home"
  rm -rf "$libs"
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$libs"
  touch "$home/installed"
}

become_java() { # CLASS ARGUMENTS...
  exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC "-Xmx${HEAP:-512m}" \
    "-Dlog4j2.configurationFile=$here/log4j2.properties" -cp "$libs/*" "$@"
}

java_class() { (become_java "$@"); }

kafka() { # TOOL ARGUMENTS...
  local tool=$1 class
  shift
  case $tool in
  topics) class=org.apache.kafka.tools.TopicCommand ;;
  produce) class=org.apache.kafka.tools.ConsoleProducer ;;
  consume) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
  groups) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
  get-offsets) class=org.apache.kafka.tools.GetOffsetShell ;;
  transactions) class=org.apache.kafka.tools.TransactionsCommand ;;
  delete-records) class=org.apache.kafka.tools.DeleteRecordsCommand ;;
  esac
  java_class "$class" --bootstrap-server "$bootstrap" "$@"
}

free_port() { # finds two free ports in a row
  local port
  while true; do
    port=$((20000 + RANDOM % 10000))
    if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && ! (: <"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
}

start_broker() { # LOG_DIR
  local dir=$1 port node
  port=$(free_port)
  bootstrap=127.0.0.1:$port
  node=$(sed -n 's/^node.id=//p' "$dir/meta.properties")
  cat >"$run/server.properties" <<P
process.roles=broker,controller
node.id=$node
controller.quorum.voters=$node@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$dir
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
P
  run_broker
}

run_broker() { # with $run/server.properties, which makes it listen on $bootstrap
  local i
  HEAP=1g become_java kafka.Kafka "$run/server.properties" >"$run/broker.log" 2>&1 </dev/null &
  broker_pid=$!
  for ((i = 0; i < 600; i++)); do
    if (: <"/dev/tcp/${bootstrap/://}") 2>/dev/null && kafka get-offsets >/dev/null 2>&1; then return; fi
    kill -0 "$broker_pid" 2>/dev/null || break
    sleep 0.1
  done
  cat "$run/broker.log" >&2
  fail "the real broker does not start"
}

stop_broker() { # [SIGNAL]
  [[ -n $broker_pid ]] || return 0
  kill "${1:--15}" "$broker_pid" 2>/dev/null || true
  wait "$broker_pid" || true
  broker_pid=
}

# ------------------------------------------------------------------------------------------------- comparisons

same() { # WHAT FILE FILE
  diff -u "$2" "$3" >"$run/difference" && return
  head -n 60 "$run/difference" >&2
  fail "$1: $2 and $3 differ"
}

# The rows of tables, in order, without the widths of their columns.
table() { awk 'NF { $1 = $1; print }' | sort; }
