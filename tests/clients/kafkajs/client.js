// kafkajs, for tests/clients/kafkajs/run: one line for everything that went as it must.

const assert = require('node:assert');
const { Kafka, CompressionTypes, CompressionCodecs, PartitionAssigners, ConfigResourceTypes, logLevel } = require('kafkajs');
const snappy = require('snappyjs');
const { ZstdCodec } = require('zstd-codec');

const LIMIT_MS = 60000;
const CODECS = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, zstd: CompressionTypes.ZSTD };
const kafka = new Kafka({ brokers: [process.env.BOOTSTRAP_SERVERS], clientId: 'kafkajs', logLevel: logLevel.ERROR, retry: { initialRetryTime: 50, retries: 20 } });
const admin = kafka.admin();
const say = (line) => console.log(line);
const tick = () => new Promise((resolve) => setTimeout(resolve, 20));

// The records that Java's snappy writes come in blocks behind a header of their own.
const XERIAL = Buffer.from([130, 83, 78, 65, 80, 80, 89, 0]);
const unsnappy = (buffer) => {
  if (!buffer.subarray(0, 8).equals(XERIAL)) return snappy.uncompress(buffer);
  const blocks = [];
  for (let at = 16; at < buffer.length; at += 4 + buffer.readUInt32BE(at)) {
    blocks.push(snappy.uncompress(buffer.subarray(at + 4, at + 4 + buffer.readUInt32BE(at))));
  }
  return Buffer.concat(blocks);
};

async function installCodecs() {
  const zstd = await new Promise((resolve) => ZstdCodec.run((codec) => resolve(new codec.Simple())));
  const codec = (compress, decompress) => () => ({
    compress: async (encoder) => Buffer.from(compress(encoder.buffer)),
    decompress: async (buffer) => Buffer.from(decompress(buffer)),
  });
  CompressionCodecs[CompressionTypes.Snappy] = codec(snappy.compress, unsnappy);
  CompressionCodecs[CompressionTypes.ZSTD] = codec((bytes) => zstd.compress(bytes), (bytes) => zstd.decompress(bytes));
}

async function until(what, holds) {
  const end = Date.now() + LIMIT_MS;
  while (!holds()) {
    assert(Date.now() < end, `waited in vain: ${what}`);
    await tick();
  }
}

async function errorOf(call) {
  try {
    await call;
  } catch (e) {
    return e.errors?.[0]?.type ?? e.groups?.[0]?.errorCode ?? e.type ?? e.name;
  }
  return 'no error';
}

const create = (topic, numPartitions) => admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });

async function produce(topic, messages, compression = CompressionTypes.None) {
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  await producer.send({ topic, messages, compression, acks: -1 });
  await producer.disconnect();
}

const work = (from, to) => Array.from({ length: to - from }, (_, i) => ({ key: `key-${from + i}`, value: `work ${from + i}` }));

// A member of a group that remembers what it was given, and what it has read.
async function member(topic, config, onMessage) {
  const consumer = kafka.consumer(config);
  const state = { consumer, partitions: [] };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => (state.partitions = payload.memberAssignment[topic] ?? []));
  consumer.on(consumer.events.REBALANCING, () => (state.partitions = []));
  consumer.on(consumer.events.CRASH, ({ payload }) => console.error(payload.error));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message, partition }) => onMessage(message, partition) });
  return state;
}

// Every record up to the ends of the topic, through a group of its own. Without isolation, what was aborted too.
async function readAll(topic, count, readUncommitted) {
  const messages = [];
  const groupId = `everything-${topic}-${readUncommitted}`;
  const { consumer } = await member(topic, { groupId, readUncommitted, maxWaitTimeInMs: 100 }, (message) => messages.push(message));
  await until(`${count} records of ${topic}`, () => messages.length >= count);
  await consumer.disconnect();
  await admin.deleteGroups([groupId]);
  return messages;
}

async function codecs() {
  await create('codecs', 3);
  const line = (codec, i) => `${codec} ${i}, a line that compresses because it is like the others`;
  for (const [codec, type] of Object.entries(CODECS)) {
    const messages = Array.from({ length: 50 }, (_, i) => ({ key: `key-${i}`, value: line(codec, i), headers: { codec } }));
    if (codec === 'none') messages.push({ key: 'gone', value: null });
    await produce('codecs', messages, type);
  }
  const messages = await readAll('codecs', 201, true);
  for (const { key, value, headers } of messages.filter((message) => message.value)) {
    assert.equal(value.toString(), line(headers.codec.toString(), Number(key.toString().slice(4))));
  }
  say(`codecs: ${messages.length} records of ${Object.keys(CODECS).join(' ')}`);
}

async function group() {
  const [topic, groupId] = ['work', 'readers'];
  await create(topic, 4);
  const config = { groupId, heartbeatInterval: 300, maxWaitTimeInMs: 100, partitionAssigners: [PartitionAssigners.roundRobin] };
  const seen = new Set();
  const take = (message) => {
    assert(!seen.has(message.value.toString()), `twice: ${message.value}`);
    seen.add(message.value.toString());
  };
  const first = await member(topic, config, take);
  await until('4 partitions', () => first.partitions.length === 4);
  say('group: one member has 4 partitions');
  const second = await member(topic, config, take);
  await until('2 and 2 partitions', () => first.partitions.length === 2 && second.partitions.length === 2);
  say('group: two members have 2 and 2 partitions');
  await produce(topic, work(0, 400));
  await until('400 records', () => seen.size === 400);
  say('group: two members have read 400 records');
  await second.consumer.disconnect();
  await until('4 partitions again', () => first.partitions.length === 4);
  await produce(topic, work(400, 440));
  await until('40 records more', () => seen.size === 440);
  await first.consumer.disconnect();
  say('group: the one that stays has read 40 more');
  const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const read = partitions.reduce((sum, { offset }) => sum + Number(offset), 0);
  const { groups } = await admin.describeGroups([groupId]);
  say(`group: ${partitions.length} partitions, ${read} read, ${groups[0].state}`);
}

// While the markers of the transaction before are being written, the server asks to try again; kafkajs leaves that to us.
async function sendOffset(transaction, offset) {
  const offsets = { consumerGroupId: 'billing', topics: [{ topic: 'work', partitions: [{ partition: 0, offset }] }] };
  for (const end = Date.now() + LIMIT_MS; ; await tick()) {
    try {
      return await transaction.sendOffsets(offsets);
    } catch (e) {
      if (e.type !== 'CONCURRENT_TRANSACTIONS' || Date.now() > end) throw e;
    }
  }
}

async function transactions() {
  await create('paid', 1);
  const producer = kafka.producer({ transactionalId: 'cashier', maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  for (const end of ['paid', 'void', 'paid']) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'paid', messages: Array.from({ length: 10 }, (_, i) => ({ value: `${end} ${i}` })) });
    await (end === 'paid' ? transaction.commit() : transaction.abort());
  }
  const committed = await readAll('paid', 20, false);
  assert(committed.every(({ value }) => value.toString().startsWith('paid')));
  const all = await readAll('paid', 30, true);
  say(`transactions: ${committed.length} committed records of ${all.length}`);

  const billing = await producer.transaction();
  await billing.send({ topic: 'paid', messages: [{ value: 'paid with offsets' }] });
  await sendOffset(billing, '7');
  await billing.commit();
  const undone = await producer.transaction();
  await sendOffset(undone, '8');
  await undone.abort();
  await producer.disconnect();
  const [{ partitions }] = await admin.fetchOffsets({ groupId: 'billing', topics: ['work'] });
  say(`transactions: billing stands at ${partitions.find(({ partition }) => partition === 0).offset}`);
}

async function administration() {
  const { brokers, controller } = await admin.describeCluster();
  say(`admin: ${brokers.length} node, a controller: ${controller !== null}`);
  const shape = { topic: 'shape', numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '3600000' }] };
  say(`admin: created: ${await admin.createTopics({ topics: [shape] })}, again: ${await admin.createTopics({ topics: [shape] })}`);
  await admin.createPartitions({ topicPartitions: [{ topic: 'shape', count: 5 }] });
  const { topics } = await admin.fetchTopicMetadata({ topics: ['shape'] });
  say(`admin: shape has ${topics[0].partitions.length} partitions`);
  const resource = { type: ConfigResourceTypes.TOPIC, name: 'shape' };
  await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }] });
  const { resources } = await admin.describeConfigs({ resources: [{ ...resource, configNames: ['cleanup.policy', 'retention.ms'] }] });
  say(`admin: ${resources[0].configEntries.map(({ configName, configValue }) => `${configName}=${configValue}`).sort().join(' ')}`);
  await create('trimmed', 1);
  await produce('trimmed', work(0, 100));
  await admin.fetchTopicOffsets('trimmed'); // kafkajs looks for the leader in what it knows already
  await admin.deleteTopicRecords({ topic: 'trimmed', partitions: [{ partition: 0, offset: '70' }] });
  const [offsets] = await admin.fetchTopicOffsets('trimmed');
  say(`admin: trimmed: offsets ${offsets.low} to ${offsets.high}`);
  const { groups } = await admin.listGroups();
  say(`admin: groups: ${groups.map(({ groupId }) => groupId).sort().join(' ')}`);
  await admin.setOffsets({ groupId: 'idle', topic: 'trimmed', partitions: [{ partition: 0, offset: '80' }] });
  await admin.deleteGroups(['idle']);
  say(`admin: deleting nobody: ${await errorOf(admin.deleteGroups(['nobody']))}`);
  await admin.deleteTopics({ topics: ['shape'] });
  say(`admin: shape is deleted: ${!(await admin.listTopics()).includes('shape')}`);
}

async function main() {
  await installCodecs();
  await admin.connect();
  await codecs();
  await group();
  await transactions();
  await administration();
  await admin.disconnect();
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
