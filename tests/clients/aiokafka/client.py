"""aiokafka, for tests/clients/aiokafka/run: one line for everything that went as it must."""

import asyncio
import os
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError, for_code

SERVER = {"bootstrap_servers": os.environ["BOOTSTRAP_SERVERS"]}
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
LIMIT_S = 60


async def until(what, holds, poll):
    end = time.monotonic() + LIMIT_S
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        await poll()


async def error_of(call):
    try:
        await call
    except KafkaError as e:
        return type(e).__name__
    return "no error"


def codes(answer, field):
    return [for_code(entry[1]).__name__ for entry in getattr(answer, field)]


async def create(admin, topic, partitions):
    answer = await admin.create_topics([NewTopic(topic, partitions, 1)])
    assert codes(answer, "topic_errors") == ["NoError"], answer


async def produce(topic, records, **config):
    """Sends (key, value, headers), each of which must be acknowledged."""
    async with AIOKafkaProducer(**SERVER, linger_ms=5, acks="all", **config) as producer:
        sent = [await producer.send(topic, key=key, value=value, headers=headers) for key, value, headers in records]
        await asyncio.gather(*sent)


def work(start, end):
    return [(b"key-%d" % i, b"work %d" % i, []) for i in range(start, end)]


async def take(consumer, seen):
    for records in (await consumer.getmany(timeout_ms=100)).values():
        for record in records:
            name = (record.value or record.key).decode()
            assert name not in seen, f"twice: {name}"
            seen[name] = record


async def read_all(topic, partitions, **config):
    async with AIOKafkaConsumer(**SERVER, auto_offset_reset="earliest", **config) as consumer:
        partitions = [TopicPartition(topic, p) for p in range(partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        seen, positions = {}, {}

        async def poll():
            await take(consumer, seen)
            for partition in partitions:
                positions[partition] = await consumer.position(partition)

        await until(f"the end of {topic}", lambda: all(positions.get(p, 0) >= ends[p] for p in partitions), poll)
        return seen


async def codecs(admin):
    await create(admin, "codecs", 3)

    def line(codec, i):
        return f"{codec} {i}, a line that compresses because it is like the others"

    for codec in CODECS:
        records = [(f"key-{i}".encode(), line(codec, i).encode(), [("codec", codec.encode())]) for i in range(50)]
        if codec == "none":
            records.append((b"gone", None, []))
        await produce("codecs", records, compression_type=None if codec == "none" else codec, enable_idempotence=True)
    seen = await read_all("codecs", 3)
    for value, record in seen.items():
        if record.value is not None:
            codec = record.headers[0][1].decode()
            assert value == line(codec, int(record.key.decode().removeprefix("key-"))), record
    print(f"codecs: {len(seen)} records of {' '.join(CODECS)}")


async def group(admin, name, assignor):
    topic, group_id = f"work-{name}", f"readers-{name}"
    await create(admin, topic, 4)
    config = {**SERVER, "group_id": group_id, "auto_offset_reset": "earliest", "enable_auto_commit": False,
              "partition_assignment_strategy": [assignor], "heartbeat_interval_ms": 300}
    seen = {}
    first, second = AIOKafkaConsumer(topic, **config), AIOKafkaConsumer(topic, **config)

    def sizes(*members):
        return [len(member.assignment()) for member in members]

    def poll(*members):
        return lambda: asyncio.gather(*(take(member, seen) for member in members))

    await first.start()
    await until("4 partitions", lambda: sizes(first) == [4], poll(first))
    print(f"{name}: one member has 4 partitions")
    joining = asyncio.create_task(second.start())
    await until("2 and 2 partitions", lambda: sizes(first, second) == [2, 2], poll(first))
    await joining
    print(f"{name}: two members have 2 and 2 partitions")
    await produce(topic, work(0, 400))
    await until("400 records", lambda: len(seen) == 400, poll(first, second))
    for member in (first, second):
        await member.commit()
    print(f"{name}: two members have read 400 records")
    await second.stop()
    await until("4 partitions again", lambda: sizes(first) == [4], poll(first))
    await produce(topic, work(400, 440))
    await until("40 records more", lambda: len(seen) == 440, poll(first))
    await first.commit()
    await first.stop()
    print(f"{name}: the one that stays has read 40 more")
    offsets = await admin.list_consumer_group_offsets(group_id)
    print(f"{group_id}: {len(offsets)} partitions, {sum(o.offset for o in offsets.values())} read")


async def transactions(admin):
    for topic, partitions in (("paid", 1), ("orders", 2), ("invoices", 2)):
        await create(admin, topic, partitions)
    async with AIOKafkaProducer(**SERVER, transactional_id="cashier") as producer:
        for number, end in enumerate(("paid", "void", "paid")):
            await producer.begin_transaction()
            sent = [await producer.send("paid", f"{end} {number} {i}".encode()) for i in range(10)]
            await asyncio.gather(*sent)
            await (producer.commit_transaction() if end == "paid" else producer.abort_transaction())
    await fenced()
    committed = await read_all("paid", 1, isolation_level="read_committed")
    assert all(value.startswith("paid") for value in committed)
    everything = await read_all("paid", 1, isolation_level="read_uncommitted")
    print(f"transactions: {len(committed)} committed records of {len(everything)}")
    await exactly_once(admin)


async def fenced():
    old, young = (AIOKafkaProducer(**SERVER, transactional_id="guard") for _ in range(2))
    await old.start()
    await old.begin_transaction()
    await old.send_and_wait("paid", b"void by the old one")
    await young.start()
    print("transactions: the old producer:", await error_of(old.send_and_wait("paid", b"void, too late")))
    await young.begin_transaction()
    await young.send_and_wait("paid", b"paid by the young one")
    await young.commit_transaction()
    await young.stop()
    await error_of(old.stop())


async def exactly_once(admin):
    await produce("orders", work(0, 60))
    consumer = AIOKafkaConsumer(
        "orders", **SERVER, group_id="billing", auto_offset_reset="earliest", enable_auto_commit=False, max_poll_records=7)
    producer = AIOKafkaProducer(**SERVER, transactional_id="billing-1")
    await consumer.start()
    await producer.start()
    done, attempts = [], 0

    async def bill():
        nonlocal attempts
        orders = await consumer.getmany(timeout_ms=100)
        if not orders:
            return
        attempts += 1
        await producer.begin_transaction()
        for order in (order for records in orders.values() for order in records):
            await producer.send("invoices", (b"void " if attempts % 3 == 0 else b"for ") + order.value)
        offsets = {p: records[-1].offset + 1 for p, records in orders.items()}
        await producer.send_offsets_to_transaction(offsets, "billing")
        if attempts % 3:
            await producer.commit_transaction()
            done.extend(order for records in orders.values() for order in records)
            return
        await producer.abort_transaction()
        for partition, records in orders.items():
            consumer.seek(partition, records[0].offset)

    await until("60 invoices", lambda: len(done) == 60, bill)
    await consumer.stop()
    await producer.stop()
    invoices = await read_all("invoices", 2, isolation_level="read_committed")
    assert all(value.startswith("for") for value in invoices)
    offsets = await admin.list_consumer_group_offsets("billing")
    print(f"transactions: {len(invoices)} invoices for {sum(o.offset for o in offsets.values())} orders")


async def administration(admin):
    cluster = await admin.describe_cluster()
    print(f"admin: {len(cluster['brokers'])} node, a controller: {cluster['controller_id'] is not None}")
    shape = NewTopic("shape", 2, 1, topic_configs={"retention.ms": "3600000"})
    await admin.create_topics([shape])
    print("admin: again:", *codes(await admin.create_topics([shape]), "topic_errors"))
    await admin.create_partitions({"shape": NewPartitions(5)})
    print(f"admin: shape has {len((await admin.describe_topics(['shape']))[0]['partitions'])} partitions")
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, "shape", {"cleanup.policy": "compact"})])
    answer = (await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "shape")]))[0]
    config = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    print(f"admin: retention.ms={config['retention.ms']} cleanup.policy={config['cleanup.policy']}")
    await trimmed(admin)
    print("admin: groups:", " ".join(sorted(name for name, *_ in await admin.list_consumer_groups())))
    described = (await admin.describe_consumer_groups(["readers-range"]))[0].groups[0]
    print("admin: readers-range:", described[1], described[2])
    await admin.delete_topics(["shape"])
    print("admin: shape is deleted:", "shape" not in await admin.list_topics())


async def trimmed(admin):
    await create(admin, "trimmed", 1)
    await produce("trimmed", work(0, 100))
    partition = TopicPartition("trimmed", 0)
    low = (await admin.delete_records({partition: RecordsToDelete(before_offset=70)}))[partition]
    async with AIOKafkaConsumer(**SERVER) as consumer:
        first, last = await consumer.beginning_offsets([partition]), await consumer.end_offsets([partition])
    print(f"admin: trimmed to {low}: offsets {first[partition]} to {last[partition]}")


async def main():
    admin = AIOKafkaAdminClient(**SERVER)
    await admin.start()
    await codecs(admin)
    await group(admin, "range", RangePartitionAssignor)
    await group(admin, "roundrobin", RoundRobinPartitionAssignor)
    await group(admin, "sticky", StickyPartitionAssignor)
    await transactions(admin)
    await administration(admin)
    await admin.close()


asyncio.run(main())
