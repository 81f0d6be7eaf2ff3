"""librdkafka through confluent-kafka, for tests/clients/librdkafka/run: one line for everything that went as it must."""

import os
import time

from confluent_kafka import (
    Consumer, ConsumerGroupTopicPartitions, IsolationLevel, KafkaError, KafkaException, Producer, TopicPartition)
from confluent_kafka.admin import (
    AclBindingFilter, AclOperation, AclPermissionType, AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource,
    NewPartitions, NewTopic, OffsetSpec, ResourcePatternType, ResourceType)

SERVER = {"bootstrap.servers": os.environ["BOOTSTRAP_SERVERS"]}
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
LIMIT_S = 60


def until(what, holds, poll):
    end = time.monotonic() + LIMIT_S
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        poll()


def wait(future):
    return future.result(timeout=LIMIT_S)


def only(futures):
    (future,) = futures.values()
    return wait(future)


def error_of(call):
    try:
        call()
    except KafkaException as e:
        return e.args[0].name()
    return "no error"


def create(admin, topic, partitions):
    only(admin.create_topics([NewTopic(topic, num_partitions=partitions)]))


def produce(topic, records, **config):
    """Sends (key, value, headers), each of which must be acknowledged."""
    failed = []
    producer = Producer({**SERVER, "linger.ms": 5, **config})
    for key, value, headers in records:
        producer.produce(topic, key=key, value=value, headers=headers, on_delivery=lambda e, _: failed.append(e) if e else None)
    assert producer.flush(LIMIT_S) == 0, "not flushed"
    assert not failed, failed[0]


def take(consumer, seen):
    for message in consumer.consume(100, timeout=0.1):
        assert message.error() is None, message.error()
        value = message.value().decode() if message.value() is not None else message.key().decode()
        assert value not in seen, f"twice: {value}"
        seen[value] = message


def read_all(topic, partitions, **config):
    consumer = Consumer({**SERVER, "group.id": "reader-of-everything", "auto.offset.reset": "earliest",
                         "enable.partition.eof": True, "enable.auto.commit": False, **config})
    consumer.assign([TopicPartition(topic, p) for p in range(partitions)])
    ended, messages = set(), []

    def poll():
        message = consumer.poll(0.1)
        if message is None:
            return
        if message.error() is None:
            messages.append(message)
        elif message.error().code() == KafkaError._PARTITION_EOF:
            ended.add(message.partition())
        else:
            raise KafkaException(message.error())

    until(f"the end of {topic}", lambda: len(ended) == partitions, poll)
    consumer.close()
    return messages


def codecs(admin):
    create(admin, "codecs", 3)

    def line(codec, i):
        return f"{codec} {i}, a line that compresses because it is like the others"

    for codec in CODECS:
        records = [(f"key-{i}", line(codec, i), [("codec", codec.encode())]) for i in range(50)]
        if codec == "none":
            records.append(("gone", None, None))
        produce("codecs", records, **{"compression.type": codec, "enable.idempotence": True})
    messages = read_all("codecs", 3)
    for message in messages:
        if message.value() is not None:
            codec = message.headers()[0][1].decode()
            assert message.value().decode() == line(codec, int(message.key().decode().removeprefix("key-"))), message
    print(f"codecs: {len(messages)} records of {' '.join(CODECS)}")


def group(admin, name, **config):
    topic, group_id = f"work-{name}", f"readers-{name}"
    create(admin, topic, 4)
    config = {**SERVER, "group.id": group_id, "auto.offset.reset": "earliest", "enable.auto.commit": False, **config}
    seen = {}
    first, second = Consumer(config), Consumer(config)

    def sizes(*members):
        return [len(member.assignment()) for member in members]

    def poll(*members):
        return lambda: [take(member, seen) for member in members]

    first.subscribe([topic])
    until("4 partitions", lambda: sizes(first) == [4], poll(first))
    print(f"{name}: one member has 4 partitions")
    second.subscribe([topic])
    until("2 and 2 partitions", lambda: sizes(first, second) == [2, 2], poll(first, second))
    print(f"{name}: two members have 2 and 2 partitions")
    produce(topic, [(f"key-{i}", f"work {i}", None) for i in range(400)])
    until("400 records", lambda: len(seen) == 400, poll(first, second))
    for member in (first, second):
        member.commit(asynchronous=False)
    print(f"{name}: two members have read 400 records")
    second.close()
    until("4 partitions again", lambda: sizes(first) == [4], poll(first))
    produce(topic, [(f"key-{i}", f"work {i}", None) for i in range(400, 440)])
    until("40 records more", lambda: len(seen) == 440, poll(first))
    first.commit(asynchronous=False)
    first.close()
    print(f"{name}: the one that stays has read 40 more")
    offsets = only(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group_id)])).topic_partitions
    described = only(admin.describe_consumer_groups([group_id]))
    print(f"{group_id}: {len(offsets)} partitions, {sum(o.offset for o in offsets)} read, {described.state.name}")


def transactions(admin):
    for topic, partitions in (("paid", 1), ("orders", 2), ("invoices", 2)):
        create(admin, topic, partitions)
    producer = Producer({**SERVER, "transactional.id": "cashier"})
    producer.init_transactions(LIMIT_S)
    for end in ("paid", "void", "paid"):
        producer.begin_transaction()
        for i in range(10):
            producer.produce("paid", f"{end} {i}")
        assert producer.flush(LIMIT_S) == 0
        producer.commit_transaction(LIMIT_S) if end == "paid" else producer.abort_transaction(LIMIT_S)
    fenced()
    committed = read_all("paid", 1, **{"isolation.level": "read_committed"})
    assert all(message.value().startswith(b"paid") for message in committed)
    everything = read_all("paid", 1, **{"isolation.level": "read_uncommitted"})
    print(f"transactions: {len(committed)} committed records of {len(everything)}")
    exactly_once(admin)


def fenced():
    old, young = (Producer({**SERVER, "transactional.id": "guard"}) for _ in range(2))
    old.init_transactions(LIMIT_S)
    old.begin_transaction()
    old.produce("paid", "void by the old one")
    assert old.flush(LIMIT_S) == 0
    young.init_transactions(LIMIT_S)
    old.produce("paid", "void, too late")
    print("transactions: the old producer:", error_of(lambda: old.commit_transaction(LIMIT_S)))
    young.begin_transaction()
    young.produce("paid", "paid by the young one")
    young.commit_transaction(LIMIT_S)


def exactly_once(admin):
    produce("orders", [(f"key-{i}", f"order {i}", None) for i in range(60)])
    consumer = Consumer({**SERVER, "group.id": "billing", "auto.offset.reset": "earliest", "enable.auto.commit": False})
    producer = Producer({**SERVER, "transactional.id": "billing-1"})
    producer.init_transactions(LIMIT_S)
    consumer.subscribe(["orders"])
    done, attempts = [], 0

    def bill():
        nonlocal attempts
        orders = consumer.consume(7, timeout=0.1)
        if not orders:
            return
        attempts += 1
        producer.begin_transaction()
        for order in orders:
            producer.produce("invoices", f"{'void' if attempts % 3 == 0 else 'for'} {order.value().decode()}")
        producer.send_offsets_to_transaction(
            consumer.position(consumer.assignment()), consumer.consumer_group_metadata(), LIMIT_S)
        if attempts % 3:
            producer.commit_transaction(LIMIT_S)
            done.extend(orders)
            return
        producer.abort_transaction(LIMIT_S)
        for partition in {order.partition() for order in orders}:
            consumer.seek(TopicPartition("orders", partition, min(o.offset() for o in orders if o.partition() == partition)))

    until("60 invoices", lambda: len(done) == 60, bill)
    consumer.close()
    invoices = read_all("invoices", 2, **{"isolation.level": "read_committed"})
    assert all(message.value().startswith(b"for") for message in invoices)
    offsets = only(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("billing")])).topic_partitions
    print(f"transactions: {len(invoices)} invoices for {sum(o.offset for o in offsets)} orders")


def administration(admin):
    cluster = wait(admin.describe_cluster())
    print(f"admin: {len(cluster.nodes)} node, a controller: {cluster.controller is not None}")
    shape = NewTopic("shape", num_partitions=2, replication_factor=1, config={"retention.ms": "3600000"})
    only(admin.create_topics([shape]))
    print("admin: again:", error_of(lambda: only(admin.create_topics([shape]))))
    only(admin.create_partitions([NewPartitions("shape", 5)]))
    print(f"admin: shape has {len(admin.list_topics('shape').topics['shape'].partitions)} partitions")
    resource = ConfigResource(ConfigResource.Type.TOPIC, "shape", incremental_configs=[
        ConfigEntry("retention.ms", None, incremental_operation=AlterConfigOpType.DELETE),
        ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.APPEND)])
    only(admin.incremental_alter_configs([resource]))
    config = only(admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, "shape")]))
    print(f"admin: retention.ms={config['retention.ms'].value} cleanup.policy={config['cleanup.policy'].value}")
    trimmed(admin)
    groups = wait(admin.list_consumer_groups())
    print("admin: groups:", " ".join(sorted(f"{g.group_id}/{g.type.name}" for g in groups.valid)))
    only(admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions("idle", [TopicPartition("trimmed", 0, 80)])]))
    only(admin.delete_consumer_groups(["idle"]))
    print("admin: deleting nobody:", error_of(lambda: only(admin.delete_consumer_groups(["nobody"]))))
    acls = AclBindingFilter(ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY)
    print("admin: acls:", error_of(lambda: wait(admin.describe_acls(acls))))
    only(admin.delete_topics(["shape"]))
    print("admin: shape is deleted:", "shape" not in admin.list_topics().topics)


def trimmed(admin):
    create(admin, "trimmed", 1)
    produce("trimmed", [(None, f"record {i}", None) for i in range(100)])
    low = only(admin.delete_records([TopicPartition("trimmed", 0, 70)])).low_watermark
    first, last = (only(admin.list_offsets({TopicPartition("trimmed", 0): spec}, isolation_level=IsolationLevel.READ_COMMITTED)).offset
                   for spec in (OffsetSpec.earliest(), OffsetSpec.latest()))
    print(f"admin: trimmed to {low}: offsets {first} to {last}")


def main():
    admin = AdminClient(SERVER)
    codecs(admin)
    for strategy in ("range", "roundrobin", "cooperative-sticky"):
        group(admin, strategy, **{"partition.assignment.strategy": strategy, "heartbeat.interval.ms": 300})
    group(admin, "consumer", **{"group.protocol": "consumer"})
    transactions(admin)
    administration(admin)


main()
