"""kafka-python, for tests/clients/kafka-python/run: one line for everything that went as it must."""

import os
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACLFilter, ACLOperation, ACLPermissionType, AlterConfigOp, ConfigResource, ConfigResourceType, OffsetSpec,
    ResourcePatternFilter, ResourceType, ACLResourcePatternType)
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

SERVER = {"bootstrap_servers": os.environ["BOOTSTRAP_SERVERS"]}
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
LIMIT_S = 60


def until(what, holds, poll):
    end = time.monotonic() + LIMIT_S
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        poll()


def error_of(call):
    try:
        call()
    except KafkaError as e:
        return type(e).__name__
    return "no error"


def create(admin, topic, partitions):
    admin.create_topics({topic: {"num_partitions": partitions}}, wait_for_metadata=True)


def produce(topic, records, **config):
    """Sends (key, value, headers), each of which must be acknowledged."""
    producer = KafkaProducer(**SERVER, linger_ms=5, acks="all", **config)
    sent = [producer.send(topic, key=key, value=value, headers=headers) for key, value, headers in records]
    producer.flush(LIMIT_S)
    for future in sent:
        future.get(LIMIT_S)
    producer.close()


def work(start, end):
    return [(b"key-%d" % i, b"work %d" % i, []) for i in range(start, end)]


def take(consumer, seen):
    for records in consumer.poll(timeout_ms=100).values():
        for record in records:
            name = (record.value or record.key).decode()
            assert name not in seen, f"twice: {name}"
            seen[name] = record


def read_all(topic, partitions, **config):
    consumer = KafkaConsumer(**SERVER, auto_offset_reset="earliest", **config)
    partitions = [TopicPartition(topic, p) for p in range(partitions)]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    seen = {}
    until(f"the end of {topic}", lambda: all(consumer.position(p) >= ends[p] for p in partitions), lambda: take(consumer, seen))
    consumer.close()
    return seen


def codecs(admin):
    create(admin, "codecs", 3)

    def line(codec, i):
        return f"{codec} {i}, a line that compresses because it is like the others"

    for codec in CODECS:
        records = [(f"key-{i}".encode(), line(codec, i).encode(), [("codec", codec.encode())]) for i in range(50)]
        if codec == "none":
            records.append((b"gone", None, []))
        produce("codecs", records, compression_type=None if codec == "none" else codec, enable_idempotence=True)
    seen = read_all("codecs", 3)
    for value, record in seen.items():
        if record.value is not None:
            codec = record.headers[0][1].decode()
            assert value == line(codec, int(record.key.decode().removeprefix("key-"))), record
    print(f"codecs: {len(seen)} records of {' '.join(CODECS)}")


def group(admin, name, assignor):
    topic, group_id = f"work-{name}", f"readers-{name}"
    create(admin, topic, 4)
    config = {**SERVER, "group_id": group_id, "auto_offset_reset": "earliest", "enable_auto_commit": False,
              "partition_assignment_strategy": [assignor], "heartbeat_interval_ms": 300}
    seen = {}
    first = KafkaConsumer(topic, **config)

    def sizes(*members):
        return [len(member.assignment()) for member in members]

    def poll(*members):
        return lambda: [take(member, seen) for member in members]

    until("4 partitions", lambda: sizes(first) == [4], poll(first))
    print(f"{name}: one member has 4 partitions")
    second = KafkaConsumer(topic, **config)
    until("2 and 2 partitions", lambda: sizes(first, second) == [2, 2], poll(first, second))
    print(f"{name}: two members have 2 and 2 partitions")
    produce(topic, work(0, 400))
    until("400 records", lambda: len(seen) == 400, poll(first, second))
    for member in (first, second):
        member.commit()
    print(f"{name}: two members have read 400 records")
    second.close()
    until("4 partitions again", lambda: sizes(first) == [4], poll(first))
    produce(topic, work(400, 440))
    until("40 records more", lambda: len(seen) == 440, poll(first))
    first.commit()
    first.close()
    print(f"{name}: the one that stays has read 40 more")
    offsets = admin.list_group_offsets(group_id)[group_id]
    described = admin.describe_groups([group_id])[group_id]
    print(f"{group_id}: {len(offsets)} partitions, {sum(o.offset for o in offsets.values())} read, {described['group_state']}")


def transactions(admin):
    for topic, partitions in (("paid", 1), ("orders", 2), ("invoices", 2)):
        create(admin, topic, partitions)
    producer = KafkaProducer(**SERVER, transactional_id="cashier")
    producer.init_transactions()
    for number, end in enumerate(("paid", "void", "paid")):
        producer.begin_transaction()
        for i in range(10):
            producer.send("paid", f"{end} {number} {i}".encode())
        producer.flush(LIMIT_S)
        producer.commit_transaction() if end == "paid" else producer.abort_transaction()
    producer.close()
    fenced()
    committed = read_all("paid", 1, isolation_level="read_committed")
    assert all(value.startswith("paid") for value in committed)
    everything = read_all("paid", 1, isolation_level="read_uncommitted")
    print(f"transactions: {len(committed)} committed records of {len(everything)}")
    exactly_once(admin)


def fenced():
    old, young = (KafkaProducer(**SERVER, transactional_id="guard") for _ in range(2))
    old.init_transactions()
    old.begin_transaction()
    old.send("paid", b"void by the old one").get(LIMIT_S)
    young.init_transactions()
    print("transactions: the old producer:", error_of(lambda: old.send("paid", b"void, too late").get(LIMIT_S)))
    young.begin_transaction()
    young.send("paid", b"paid by the young one")
    young.commit_transaction()
    young.close()
    old.close(timeout=1)


def exactly_once(admin):
    produce("orders", work(0, 60))
    consumer = KafkaConsumer("orders", **SERVER, group_id="billing", auto_offset_reset="earliest", enable_auto_commit=False)
    producer = KafkaProducer(**SERVER, transactional_id="billing-1")
    producer.init_transactions()
    done, attempts = [], 0

    def bill():
        nonlocal attempts
        orders = consumer.poll(timeout_ms=100, max_records=7)
        if not orders:
            return
        attempts += 1
        producer.begin_transaction()
        for order in (order for records in orders.values() for order in records):
            producer.send("invoices", (b"void " if attempts % 3 == 0 else b"for ") + order.value)
        offsets = {p: OffsetAndMetadata(records[-1].offset + 1, "", -1) for p, records in orders.items()}
        producer.send_offsets_to_transaction(offsets, consumer.group_metadata())
        if attempts % 3:
            producer.commit_transaction()
            done.extend(order for records in orders.values() for order in records)
            return
        producer.abort_transaction()
        for partition, records in orders.items():
            consumer.seek(partition, records[0].offset)

    until("60 invoices", lambda: len(done) == 60, bill)
    consumer.close()
    producer.close()
    invoices = read_all("invoices", 2, isolation_level="read_committed")
    assert all(value.startswith("for") for value in invoices)
    offsets = admin.list_group_offsets("billing")["billing"]
    print(f"transactions: {len(invoices)} invoices for {sum(o.offset for o in offsets.values())} orders")
    states = {each.transactional_id: each.state.name for listed in admin.list_transactions().values() for each in listed}
    print("transactions:", " ".join(f"{id}={state}" for id, state in sorted(states.items())))


def administration(admin):
    cluster = admin.describe_cluster()
    print(f"admin: {len(cluster['brokers'])} node, a controller: {cluster['controller_id'] is not None}")
    shape = {"shape": {"num_partitions": 2, "replication_factor": 1, "configs": {"retention.ms": "3600000"}}}
    admin.create_topics(shape)
    print("admin: again:", error_of(lambda: admin.create_topics(shape)))
    admin.create_partitions({"shape": 5})
    admin.wait_for_topics(["shape"])
    print(f"admin: shape has {len(admin.describe_topics(['shape'])[0]['partitions'])} partitions")
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, "shape", configs={
        "retention.ms": (AlterConfigOp.DELETE, None), "cleanup.policy": (AlterConfigOp.APPEND, "compact")})])
    config = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "shape")], config_filter="all")["topic"]["shape"]
    print(f"admin: retention.ms={config['retention.ms']['value']} cleanup.policy={config['cleanup.policy']['value']}")
    trimmed(admin)
    print("admin: groups:", " ".join(sorted(group["group_id"] for group in admin.list_groups())))
    admin.alter_group_offsets("idle", {TopicPartition("trimmed", 0): OffsetAndMetadata(80, "", -1)})
    print("admin: idle:", admin.list_group_offsets("idle")["idle"][TopicPartition("trimmed", 0)].offset)
    admin.delete_groups(["idle"])
    print("admin: deleting nobody:", admin.delete_groups(["nobody"]))
    everything = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY,
                           ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY))
    print("admin: acls:", error_of(lambda: admin.describe_acls(everything)))
    admin.delete_topics(["shape"])
    print("admin: shape is deleted:", "shape" not in admin.list_topics())


def trimmed(admin):
    create(admin, "trimmed", 1)
    produce("trimmed", work(0, 100))
    partition = TopicPartition("trimmed", 0)
    admin.delete_records({partition: 70})
    first, last = (admin.list_partition_offsets({partition: spec})[partition].offset
                   for spec in (OffsetSpec.EARLIEST, OffsetSpec.LATEST))
    print(f"admin: trimmed: offsets {first} to {last}")


def main():
    admin = KafkaAdminClient(**SERVER)
    codecs(admin)
    group(admin, "range", RangePartitionAssignor)
    group(admin, "roundrobin", RoundRobinPartitionAssignor)
    group(admin, "sticky", StickyPartitionAssignor)
    transactions(admin)
    administration(admin)


main()
