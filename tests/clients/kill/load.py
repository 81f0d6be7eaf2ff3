"""A producer under load, in librdkafka: what Load.java is in Java."""

import os
import pathlib
import sys
import time

from confluent_kafka import KafkaException, Producer

kind, topic, directory = sys.argv[1:]
stop = pathlib.Path(directory, "stop")
acknowledged = open(pathlib.Path(directory, topic + ".acknowledged"), "w", buffering=1)
CONFIG = {
    "bootstrap.servers": os.environ["BOOTSTRAP_SERVERS"], "linger.ms": 1, "reconnect.backoff.max.ms": 100, "socket.timeout.ms": 5000,
    "enable.idempotence": True, "message.timeout.ms": 120000}
RECORDS = 10


def idempotent():
    failures = []

    def on_delivery(error, message):
        if error:
            failures.append(error)
        else:
            print(message.value().decode(), file=acknowledged)

    producer = Producer(CONFIG)
    i = 0
    while not stop.exists() and not failures:
        producer.produce(topic, key=f"k{i % 17}", value=str(i), on_delivery=on_delivery)
        i += 1
        if i % 20 == 0:
            producer.poll(0)
            time.sleep(0.005)
        while len(producer) > 200 and not failures:
            producer.poll(0.05)
    left = producer.flush(60)
    assert not failures and left == 0, (failures, left)


def again(call):
    while True:
        try:
            return call()
        except KafkaException as e:
            if not e.args[0].retriable():
                raise
            print("again:", e, file=sys.stderr)


def transaction(producer, t):
    producer.begin_transaction()
    try:
        for i in range(RECORDS):
            producer.produce(topic, key=f"k{i}", value=f"{t}.{i}")
        if t % 4 != 3:
            again(lambda: producer.commit_transaction(10))
            print("committed", t, file=acknowledged)
            return
    except KafkaException as e:
        if not e.args[0].txn_requires_abort():
            raise
        print(t, "is aborted:", e, file=sys.stderr)
    again(lambda: producer.abort_transaction(10))
    print("aborted", t, file=acknowledged)


def transactional():
    producer, t = None, 0
    while not stop.exists():
        try:
            if producer is None:
                producer = Producer({**CONFIG, "transactional.id": topic, "transaction.timeout.ms": 60000, "message.timeout.ms": 60000})
                again(lambda: producer.init_transactions(10))
            transaction(producer, t)
        except KafkaException as e:
            # What has become of this transaction nobody knows; a producer that starts anew finishes it one way or the other.
            print(t, e, file=sys.stderr)
            producer = None
        t += 1


idempotent() if kind == "idempotent" else transactional()
