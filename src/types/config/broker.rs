//! The configurations of brokers. A pure table, in the order of names: type, default, and whether they can be changed while
//! a broker runs. Of those that can't, the type says no more than how a value is printed.

use super::value::ConfigType;

/// How a broker's configuration can be changed while the broker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Never,
    /// For one broker and for all.
    Anywhere,
    /// For one broker only.
    PerBroker,
    /// For one listener of one broker only.
    PerListener,
}

/// A configuration of brokers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BrokerConfigDef {
    pub(crate) name: &'static str,
    pub(crate) kind: ConfigType,
    /// `None` is Java's null.
    pub(crate) default: Option<&'static str>,
    pub(crate) change: Change,
}

impl BrokerConfigDef {
    /// Whether its value is never shown.
    pub(crate) fn is_sensitive(&self) -> bool {
        self.kind == ConfigType::Password
    }
}

/// All configurations of brokers that Kafka shows, in the order of their names.
pub(crate) fn broker_configs() -> &'static [BrokerConfigDef] {
    &BROKER_CONFIGS
}

pub(crate) fn broker_config(name: &str) -> Option<&'static BrokerConfigDef> {
    let index = BROKER_CONFIGS.binary_search_by(|def| def.name.cmp(name)).ok()?;
    BROKER_CONFIGS.get(index)
}

const fn def(
    name: &'static str,
    kind: ConfigType,
    default: Option<&'static str>,
    change: Change,
) -> BrokerConfigDef {
    BrokerConfigDef { name, kind, default, change }
}

const fn int(min: i32) -> ConfigType {
    ConfigType::Int { min, max: i32::MAX }
}

const fn long(min: i64) -> ConfigType {
    ConfigType::Long { min }
}

const ANY_INT: ConfigType = int(i32::MIN);
const ANY_LONG: ConfigType = long(i64::MIN);
const ANY_DOUBLE: ConfigType = ConfigType::Double { min: f64::MIN, max: f64::MAX };
const SHORT: ConfigType = ConfigType::Short;
const TEXT: ConfigType = ConfigType::Text;
const LIST: ConfigType = ConfigType::List;

#[rustfmt::skip]
static BROKER_CONFIGS: [BrokerConfigDef; 320] = [
    def("add.partitions.to.txn.retry.backoff.max.ms", ANY_INT, Some("100"), Change::Never),
    def("add.partitions.to.txn.retry.backoff.ms", ANY_INT, Some("20"), Change::Never),
    def("advertised.listeners", LIST, None, Change::Never),
    def("alter.config.policy.class.name", TEXT, None, Change::Never),
    def("alter.log.dirs.replication.quota.window.num", ANY_INT, Some("11"), Change::Never),
    def("alter.log.dirs.replication.quota.window.size.seconds", ANY_INT, Some("1"), Change::Never),
    def("authorizer.class.name", TEXT, Some(""), Change::Never),
    def("auto.create.topics.enable", ConfigType::Boolean, Some("true"), Change::Never),
    def("auto.leader.rebalance.enable", ConfigType::Boolean, Some("true"), Change::Never),
    def("background.threads", int(1), Some("10"), Change::Anywhere),
    def("broker.heartbeat.interval.ms", ANY_INT, Some("2000"), Change::Never),
    def("broker.id", ANY_INT, Some("-1"), Change::Never),
    def("broker.rack", TEXT, None, Change::Never),
    def("broker.session.timeout.ms", ANY_INT, Some("9000"), Change::Never),
    def("client.quota.callback.class", TEXT, None, Change::Never),
    def("compression.gzip.level", ConfigType::GzipLevel, Some("-1"), Change::Anywhere),
    def("compression.lz4.level", ConfigType::Int { min: 1, max: 17 }, Some("9"), Change::Anywhere),
    def("compression.type", ConfigType::OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), Some("producer"), Change::Anywhere),
    def("compression.zstd.level", ConfigType::Int { min: -131_072, max: 22 }, Some("3"), Change::Anywhere),
    def("config.providers", LIST, Some(""), Change::Anywhere),
    def("connection.failed.authentication.delay.ms", ANY_INT, Some("100"), Change::Never),
    def("connections.max.idle.ms", ANY_LONG, Some("600000"), Change::Never),
    def("connections.max.reauth.ms", ANY_LONG, Some("0"), Change::Never),
    def("controlled.shutdown.enable", ConfigType::Boolean, Some("true"), Change::Never),
    def("controller.listener.names", LIST, None, Change::Never),
    def("controller.quorum.append.linger.ms", ANY_INT, Some("25"), Change::Never),
    def("controller.quorum.auto.join.enable", ConfigType::Boolean, Some("false"), Change::Never),
    def("controller.quorum.bootstrap.servers", LIST, Some(""), Change::Never),
    def("controller.quorum.election.backoff.max.ms", ANY_INT, Some("1000"), Change::Never),
    def("controller.quorum.election.timeout.ms", ANY_INT, Some("1000"), Change::Never),
    def("controller.quorum.fetch.timeout.ms", ANY_INT, Some("2000"), Change::Never),
    def("controller.quorum.request.timeout.ms", ANY_INT, Some("2000"), Change::Never),
    def("controller.quorum.retry.backoff.ms", ANY_INT, Some("20"), Change::Never),
    def("controller.quorum.voters", LIST, Some(""), Change::Never),
    def("controller.quota.window.num", ANY_INT, Some("11"), Change::Never),
    def("controller.quota.window.size.seconds", ANY_INT, Some("1"), Change::Never),
    def("controller.socket.timeout.ms", ANY_INT, Some("30000"), Change::Never),
    def("create.topic.policy.class.name", TEXT, None, Change::Never),
    def("default.replication.factor", ANY_INT, Some("1"), Change::Never),
    def("delegation.token.expiry.check.interval.ms", ANY_LONG, Some("3600000"), Change::Never),
    def("delegation.token.expiry.time.ms", ANY_LONG, Some("86400000"), Change::Never),
    def("delegation.token.max.lifetime.ms", ANY_LONG, Some("604800000"), Change::Never),
    def("delegation.token.secret.key", ConfigType::Password, None, Change::Never),
    def("delete.records.purgatory.purge.interval.requests", ANY_INT, Some("1"), Change::Never),
    def("delete.topic.enable", ConfigType::Boolean, Some("true"), Change::Never),
    def("early.start.listeners", LIST, None, Change::Never),
    def("fetch.max.bytes", ANY_INT, Some("57671680"), Change::Never),
    def("fetch.purgatory.purge.interval.requests", ANY_INT, Some("1000"), Change::Never),
    def("group.consumer.assignors", LIST, Some("uniform,range"), Change::Never),
    def("group.consumer.heartbeat.interval.ms", ANY_INT, Some("5000"), Change::Never),
    def("group.consumer.max.heartbeat.interval.ms", ANY_INT, Some("15000"), Change::Never),
    def("group.consumer.max.session.timeout.ms", ANY_INT, Some("60000"), Change::Never),
    def("group.consumer.max.size", ANY_INT, Some("2147483647"), Change::Never),
    def("group.consumer.migration.policy", TEXT, Some("bidirectional"), Change::Never),
    def("group.consumer.min.heartbeat.interval.ms", ANY_INT, Some("5000"), Change::Never),
    def("group.consumer.min.session.timeout.ms", ANY_INT, Some("45000"), Change::Never),
    def("group.consumer.session.timeout.ms", ANY_INT, Some("45000"), Change::Never),
    def("group.coordinator.append.linger.ms", ANY_INT, Some("-1"), Change::Never),
    def("group.coordinator.rebalance.protocols", LIST, Some("classic,consumer,streams"), Change::Never),
    def("group.coordinator.threads", ANY_INT, Some("4"), Change::Never),
    def("group.initial.rebalance.delay.ms", ANY_INT, Some("3000"), Change::Never),
    def("group.max.session.timeout.ms", ANY_INT, Some("1800000"), Change::Never),
    def("group.max.size", ANY_INT, Some("2147483647"), Change::Never),
    def("group.min.session.timeout.ms", ANY_INT, Some("6000"), Change::Never),
    def("group.share.assignors", LIST, Some("simple"), Change::Never),
    def("group.share.delivery.count.limit", ANY_INT, Some("5"), Change::Never),
    def("group.share.heartbeat.interval.ms", ANY_INT, Some("5000"), Change::Never),
    def("group.share.max.heartbeat.interval.ms", ANY_INT, Some("15000"), Change::Never),
    def("group.share.max.record.lock.duration.ms", ANY_INT, Some("60000"), Change::Never),
    def("group.share.max.session.timeout.ms", ANY_INT, Some("60000"), Change::Never),
    def("group.share.max.share.sessions", ANY_INT, Some("2000"), Change::Never),
    def("group.share.max.size", ANY_INT, Some("200"), Change::Never),
    def("group.share.min.heartbeat.interval.ms", ANY_INT, Some("5000"), Change::Never),
    def("group.share.min.record.lock.duration.ms", ANY_INT, Some("15000"), Change::Never),
    def("group.share.min.session.timeout.ms", ANY_INT, Some("45000"), Change::Never),
    def("group.share.partition.max.record.locks", ANY_INT, Some("2000"), Change::Never),
    def("group.share.record.lock.duration.ms", ANY_INT, Some("30000"), Change::Never),
    def("group.share.session.timeout.ms", ANY_INT, Some("45000"), Change::Never),
    def("group.streams.heartbeat.interval.ms", ANY_INT, Some("5000"), Change::Never),
    def("group.streams.initial.rebalance.delay.ms", ANY_INT, Some("3000"), Change::Never),
    def("group.streams.max.heartbeat.interval.ms", ANY_INT, Some("15000"), Change::Never),
    def("group.streams.max.session.timeout.ms", ANY_INT, Some("60000"), Change::Never),
    def("group.streams.max.size", ANY_INT, Some("2147483647"), Change::Never),
    def("group.streams.max.standby.replicas", ANY_INT, Some("2"), Change::Never),
    def("group.streams.min.heartbeat.interval.ms", ANY_INT, Some("5000"), Change::Never),
    def("group.streams.min.session.timeout.ms", ANY_INT, Some("45000"), Change::Never),
    def("group.streams.num.standby.replicas", ANY_INT, Some("0"), Change::Never),
    def("group.streams.session.timeout.ms", ANY_INT, Some("45000"), Change::Never),
    def("initial.broker.registration.timeout.ms", ANY_INT, Some("60000"), Change::Never),
    def("inter.broker.listener.name", TEXT, None, Change::Never),
    def("kafka.metrics.polling.interval.secs", ANY_INT, Some("10"), Change::Never),
    def("kafka.metrics.reporters", LIST, Some(""), Change::Never),
    def("leader.imbalance.check.interval.seconds", ANY_LONG, Some("300"), Change::Never),
    def("listener.security.protocol.map", TEXT, Some("SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT"), Change::PerBroker),
    def("listeners", LIST, Some("PLAINTEXT://:9092"), Change::PerBroker),
    def("log.cleaner.backoff.ms", long(0), Some("15000"), Change::Anywhere),
    def("log.cleaner.dedupe.buffer.size", ANY_LONG, Some("134217728"), Change::Anywhere),
    def("log.cleaner.delete.retention.ms", long(0), Some("86400000"), Change::Anywhere),
    def("log.cleaner.enable", ConfigType::Boolean, Some("true"), Change::Never),
    def("log.cleaner.io.buffer.load.factor", ANY_DOUBLE, Some("0.9"), Change::Anywhere),
    def("log.cleaner.io.buffer.size", int(0), Some("524288"), Change::Anywhere),
    def("log.cleaner.io.max.bytes.per.second", ANY_DOUBLE, Some("1.7976931348623157E308"), Change::Anywhere),
    def("log.cleaner.max.compaction.lag.ms", long(1), Some("9223372036854775807"), Change::Anywhere),
    def("log.cleaner.min.cleanable.ratio", ConfigType::Double { min: 0.0, max: 1.0 }, Some("0.5"), Change::Anywhere),
    def("log.cleaner.min.compaction.lag.ms", long(0), Some("0"), Change::Anywhere),
    def("log.cleaner.threads", int(1), Some("1"), Change::Anywhere),
    def("log.cleanup.policy", ConfigType::ListOf(&["compact", "delete"]), Some("delete"), Change::Anywhere),
    def("log.dir", LIST, Some("/tmp/kafka-logs"), Change::Never),
    def("log.dir.failure.timeout.ms", ANY_LONG, Some("30000"), Change::Never),
    def("log.dirs", LIST, None, Change::Never),
    def("log.flush.interval.messages", long(1), Some("9223372036854775807"), Change::Anywhere),
    def("log.flush.interval.ms", ANY_LONG, None, Change::Anywhere),
    def("log.flush.offset.checkpoint.interval.ms", ANY_INT, Some("60000"), Change::Never),
    def("log.flush.scheduler.interval.ms", ANY_LONG, Some("9223372036854775807"), Change::Never),
    def("log.flush.start.offset.checkpoint.interval.ms", ANY_INT, Some("60000"), Change::Never),
    def("log.index.interval.bytes", int(0), Some("4096"), Change::Anywhere),
    def("log.index.size.max.bytes", int(4), Some("10485760"), Change::Anywhere),
    def("log.local.retention.bytes", long(-2), Some("-2"), Change::Anywhere),
    def("log.local.retention.ms", long(-2), Some("-2"), Change::Anywhere),
    def("log.message.timestamp.after.max.ms", long(0), Some("3600000"), Change::Anywhere),
    def("log.message.timestamp.before.max.ms", long(0), Some("9223372036854775807"), Change::Anywhere),
    def("log.message.timestamp.type", ConfigType::OneOf(&["CreateTime", "LogAppendTime"]), Some("CreateTime"), Change::Anywhere),
    def("log.preallocate", ConfigType::Boolean, Some("false"), Change::Anywhere),
    def("log.retention.bytes", ANY_LONG, Some("-1"), Change::Anywhere),
    def("log.retention.check.interval.ms", ANY_LONG, Some("300000"), Change::Never),
    def("log.retention.hours", ANY_INT, Some("168"), Change::Never),
    def("log.retention.minutes", ANY_INT, None, Change::Never),
    def("log.retention.ms", ANY_LONG, None, Change::Anywhere),
    def("log.roll.hours", ANY_INT, Some("168"), Change::Never),
    def("log.roll.jitter.hours", ANY_INT, Some("0"), Change::Never),
    def("log.roll.jitter.ms", ANY_LONG, None, Change::Anywhere),
    def("log.roll.ms", ANY_LONG, None, Change::Anywhere),
    def("log.segment.bytes", int(1_048_576), Some("1073741824"), Change::Anywhere),
    def("log.segment.delete.delay.ms", long(0), Some("60000"), Change::Anywhere),
    def("max.connection.creation.rate", int(0), Some("2147483647"), Change::Anywhere),
    def("max.connections", int(0), Some("2147483647"), Change::Anywhere),
    def("max.connections.per.ip", int(0), Some("2147483647"), Change::Anywhere),
    def("max.connections.per.ip.overrides", TEXT, Some(""), Change::Anywhere),
    def("max.incremental.fetch.session.cache.slots", ANY_INT, Some("1000"), Change::Never),
    def("max.request.partition.size.limit", ANY_INT, Some("2000"), Change::Never),
    def("message.max.bytes", int(0), Some("1048588"), Change::Anywhere),
    def("metadata.log.dir", TEXT, None, Change::Never),
    def("metadata.log.max.record.bytes.between.snapshots", ANY_LONG, Some("20971520"), Change::Never),
    def("metadata.log.max.snapshot.interval.ms", ANY_LONG, Some("3600000"), Change::Never),
    def("metadata.log.segment.bytes", ANY_INT, Some("1073741824"), Change::Never),
    def("metadata.log.segment.ms", ANY_LONG, Some("604800000"), Change::Never),
    def("metadata.max.idle.interval.ms", ANY_INT, Some("500"), Change::Never),
    def("metadata.max.retention.bytes", ANY_LONG, Some("104857600"), Change::Never),
    def("metadata.max.retention.ms", ANY_LONG, Some("604800000"), Change::Never),
    def("metric.reporters", LIST, Some("org.apache.kafka.common.metrics.JmxReporter"), Change::Anywhere),
    def("metrics.num.samples", ANY_INT, Some("2"), Change::Never),
    def("metrics.recording.level", TEXT, Some("INFO"), Change::Never),
    def("metrics.sample.window.ms", ANY_LONG, Some("30000"), Change::Never),
    def("min.insync.replicas", int(1), Some("1"), Change::Anywhere),
    def("node.id", ANY_INT, None, Change::Never),
    def("num.io.threads", int(1), Some("8"), Change::Anywhere),
    def("num.network.threads", int(1), Some("3"), Change::Anywhere),
    def("num.partitions", ANY_INT, Some("1"), Change::Never),
    def("num.recovery.threads.per.data.dir", int(1), Some("2"), Change::Anywhere),
    def("num.replica.alter.log.dirs.threads", ANY_INT, None, Change::Never),
    def("num.replica.fetchers", int(1), Some("1"), Change::Anywhere),
    def("offset.metadata.max.bytes", ANY_INT, Some("4096"), Change::Never),
    def("offsets.commit.timeout.ms", ANY_INT, Some("5000"), Change::Never),
    def("offsets.load.buffer.size", ANY_INT, Some("5242880"), Change::Never),
    def("offsets.retention.check.interval.ms", ANY_LONG, Some("600000"), Change::Never),
    def("offsets.retention.minutes", ANY_INT, Some("10080"), Change::Never),
    def("offsets.topic.compression.codec", ANY_INT, Some("0"), Change::Never),
    def("offsets.topic.num.partitions", ANY_INT, Some("50"), Change::Never),
    def("offsets.topic.replication.factor", SHORT, Some("3"), Change::Never),
    def("offsets.topic.segment.bytes", ANY_INT, Some("104857600"), Change::Never),
    def("principal.builder.class", TEXT, Some("org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder"), Change::PerBroker),
    def("process.roles", LIST, None, Change::Never),
    def("producer.id.expiration.ms", int(1), Some("86400000"), Change::Anywhere),
    def("producer.purgatory.purge.interval.requests", ANY_INT, Some("1000"), Change::Never),
    def("queued.max.request.bytes", ANY_LONG, Some("-1"), Change::Never),
    def("queued.max.requests", ANY_INT, Some("500"), Change::Never),
    def("quota.window.num", ANY_INT, Some("11"), Change::Never),
    def("quota.window.size.seconds", ANY_INT, Some("1"), Change::Never),
    def("remote.fetch.max.wait.ms", int(1), Some("500"), Change::Anywhere),
    def("remote.list.offsets.request.timeout.ms", long(1), Some("30000"), Change::Anywhere),
    def("remote.log.index.file.cache.total.size.bytes", long(1), Some("1073741824"), Change::Anywhere),
    def("remote.log.manager.copier.thread.pool.size", int(1), Some("10"), Change::Anywhere),
    def("remote.log.manager.copy.max.bytes.per.second", long(1), Some("9223372036854775807"), Change::Anywhere),
    def("remote.log.manager.copy.quota.window.num", ANY_INT, Some("11"), Change::Never),
    def("remote.log.manager.copy.quota.window.size.seconds", ANY_INT, Some("1"), Change::Never),
    def("remote.log.manager.expiration.thread.pool.size", int(1), Some("10"), Change::Anywhere),
    def("remote.log.manager.fetch.max.bytes.per.second", long(1), Some("9223372036854775807"), Change::Anywhere),
    def("remote.log.manager.fetch.quota.window.num", ANY_INT, Some("11"), Change::Never),
    def("remote.log.manager.fetch.quota.window.size.seconds", ANY_INT, Some("1"), Change::Never),
    def("remote.log.manager.follower.thread.pool.size", int(1), Some("2"), Change::Anywhere),
    def("remote.log.manager.task.interval.ms", ANY_LONG, Some("30000"), Change::Never),
    def("remote.log.manager.thread.pool.size", ANY_INT, Some("2"), Change::Never),
    def("remote.log.metadata.custom.metadata.max.bytes", ANY_INT, Some("128"), Change::Never),
    def("remote.log.metadata.manager.class.name", TEXT, Some("org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager"), Change::Never),
    def("remote.log.metadata.manager.class.path", TEXT, None, Change::Never),
    def("remote.log.metadata.manager.impl.prefix", TEXT, Some("rlmm.config."), Change::Never),
    def("remote.log.metadata.manager.listener.name", TEXT, None, Change::Never),
    def("remote.log.reader.max.pending.tasks", ANY_INT, Some("100"), Change::Never),
    def("remote.log.reader.threads", int(1), Some("10"), Change::Anywhere),
    def("remote.log.storage.manager.class.name", TEXT, None, Change::Never),
    def("remote.log.storage.manager.class.path", TEXT, None, Change::Never),
    def("remote.log.storage.manager.impl.prefix", TEXT, Some("rsm.config."), Change::Never),
    def("remote.log.storage.system.enable", ConfigType::Boolean, Some("false"), Change::Never),
    def("replica.fetch.backoff.ms", ANY_INT, Some("1000"), Change::Never),
    def("replica.fetch.max.bytes", ANY_INT, Some("1048576"), Change::Never),
    def("replica.fetch.min.bytes", ANY_INT, Some("1"), Change::Never),
    def("replica.fetch.response.max.bytes", ANY_INT, Some("10485760"), Change::Never),
    def("replica.fetch.wait.max.ms", ANY_INT, Some("500"), Change::Never),
    def("replica.high.watermark.checkpoint.interval.ms", ANY_LONG, Some("5000"), Change::Never),
    def("replica.lag.time.max.ms", ANY_LONG, Some("30000"), Change::Never),
    def("replica.selector.class", TEXT, None, Change::Never),
    def("replica.socket.receive.buffer.bytes", ANY_INT, Some("65536"), Change::Never),
    def("replica.socket.timeout.ms", ANY_INT, Some("30000"), Change::Never),
    def("replication.quota.window.num", ANY_INT, Some("11"), Change::Never),
    def("replication.quota.window.size.seconds", ANY_INT, Some("1"), Change::Never),
    def("request.timeout.ms", ANY_INT, Some("30000"), Change::Never),
    def("sasl.client.callback.handler.class", TEXT, None, Change::Never),
    def("sasl.enabled.mechanisms", LIST, Some("GSSAPI"), Change::PerBroker),
    def("sasl.jaas.config", ConfigType::Password, None, Change::PerBroker),
    def("sasl.kerberos.kinit.cmd", TEXT, Some("/usr/bin/kinit"), Change::PerBroker),
    def("sasl.kerberos.min.time.before.relogin", ANY_LONG, Some("60000"), Change::PerBroker),
    def("sasl.kerberos.principal.to.local.rules", LIST, Some("DEFAULT"), Change::PerBroker),
    def("sasl.kerberos.service.name", TEXT, None, Change::PerBroker),
    def("sasl.kerberos.ticket.renew.jitter", ANY_DOUBLE, Some("0.05"), Change::PerBroker),
    def("sasl.kerberos.ticket.renew.window.factor", ANY_DOUBLE, Some("0.8"), Change::PerBroker),
    def("sasl.login.callback.handler.class", TEXT, None, Change::Never),
    def("sasl.login.class", TEXT, None, Change::Never),
    def("sasl.login.connect.timeout.ms", ANY_INT, None, Change::Never),
    def("sasl.login.read.timeout.ms", ANY_INT, None, Change::Never),
    def("sasl.login.refresh.buffer.seconds", SHORT, Some("300"), Change::PerBroker),
    def("sasl.login.refresh.min.period.seconds", SHORT, Some("60"), Change::PerBroker),
    def("sasl.login.refresh.window.factor", ANY_DOUBLE, Some("0.8"), Change::PerBroker),
    def("sasl.login.refresh.window.jitter", ANY_DOUBLE, Some("0.05"), Change::PerBroker),
    def("sasl.login.retry.backoff.max.ms", ANY_LONG, Some("10000"), Change::Never),
    def("sasl.login.retry.backoff.ms", ANY_LONG, Some("100"), Change::Never),
    def("sasl.mechanism.controller.protocol", TEXT, Some("GSSAPI"), Change::Never),
    def("sasl.mechanism.inter.broker.protocol", TEXT, Some("GSSAPI"), Change::PerBroker),
    def("sasl.oauthbearer.assertion.algorithm", TEXT, Some("RS256"), Change::Never),
    def("sasl.oauthbearer.assertion.claim.aud", TEXT, None, Change::Never),
    def("sasl.oauthbearer.assertion.claim.exp.seconds", ANY_INT, Some("300"), Change::Never),
    def("sasl.oauthbearer.assertion.claim.iss", TEXT, None, Change::Never),
    def("sasl.oauthbearer.assertion.claim.jti.include", ConfigType::Boolean, Some("false"), Change::Never),
    def("sasl.oauthbearer.assertion.claim.nbf.seconds", ANY_INT, Some("60"), Change::Never),
    def("sasl.oauthbearer.assertion.claim.sub", TEXT, None, Change::Never),
    def("sasl.oauthbearer.assertion.file", TEXT, None, Change::Never),
    def("sasl.oauthbearer.assertion.private.key.file", TEXT, None, Change::Never),
    def("sasl.oauthbearer.assertion.private.key.passphrase", ConfigType::Password, None, Change::Never),
    def("sasl.oauthbearer.assertion.template.file", TEXT, None, Change::Never),
    def("sasl.oauthbearer.client.credentials.client.id", TEXT, None, Change::Never),
    def("sasl.oauthbearer.client.credentials.client.secret", ConfigType::Password, None, Change::Never),
    def("sasl.oauthbearer.clock.skew.seconds", ANY_INT, Some("30"), Change::Never),
    def("sasl.oauthbearer.expected.audience", LIST, Some(""), Change::Never),
    def("sasl.oauthbearer.expected.issuer", TEXT, None, Change::Never),
    def("sasl.oauthbearer.jwks.endpoint.refresh.ms", ANY_LONG, Some("3600000"), Change::Never),
    def("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", ANY_LONG, Some("10000"), Change::Never),
    def("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", ANY_LONG, Some("100"), Change::Never),
    def("sasl.oauthbearer.jwks.endpoint.url", TEXT, None, Change::Never),
    def("sasl.oauthbearer.jwt.retriever.class", TEXT, Some("org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever"), Change::Never),
    def("sasl.oauthbearer.jwt.validator.class", TEXT, Some("org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator"), Change::Never),
    def("sasl.oauthbearer.scope", TEXT, None, Change::Never),
    def("sasl.oauthbearer.scope.claim.name", TEXT, Some("scope"), Change::Never),
    def("sasl.oauthbearer.sub.claim.name", TEXT, Some("sub"), Change::Never),
    def("sasl.oauthbearer.token.endpoint.url", TEXT, None, Change::Never),
    def("sasl.server.callback.handler.class", TEXT, None, Change::Never),
    def("sasl.server.max.receive.size", ANY_INT, Some("524288"), Change::Never),
    def("security.inter.broker.protocol", TEXT, Some("PLAINTEXT"), Change::Never),
    def("security.providers", TEXT, None, Change::Never),
    def("share.coordinator.append.linger.ms", ANY_INT, Some("-1"), Change::Never),
    def("share.coordinator.load.buffer.size", ANY_INT, Some("5242880"), Change::Never),
    def("share.coordinator.snapshot.update.records.per.snapshot", ANY_INT, Some("500"), Change::Never),
    def("share.coordinator.state.topic.compression.codec", ANY_INT, Some("0"), Change::Never),
    def("share.coordinator.state.topic.min.isr", SHORT, Some("2"), Change::Never),
    def("share.coordinator.state.topic.num.partitions", ANY_INT, Some("50"), Change::Never),
    def("share.coordinator.state.topic.replication.factor", SHORT, Some("3"), Change::Never),
    def("share.coordinator.state.topic.segment.bytes", ANY_INT, Some("104857600"), Change::Never),
    def("share.coordinator.threads", ANY_INT, Some("1"), Change::Never),
    def("share.coordinator.write.timeout.ms", ANY_INT, Some("5000"), Change::Never),
    def("share.fetch.purgatory.purge.interval.requests", ANY_INT, Some("1000"), Change::Never),
    def("socket.connection.setup.timeout.max.ms", ANY_LONG, Some("30000"), Change::Never),
    def("socket.connection.setup.timeout.ms", ANY_LONG, Some("10000"), Change::Never),
    def("socket.listen.backlog.size", ANY_INT, Some("50"), Change::Never),
    def("socket.receive.buffer.bytes", ANY_INT, Some("102400"), Change::Never),
    def("socket.request.max.bytes", ANY_INT, Some("104857600"), Change::Never),
    def("socket.send.buffer.bytes", ANY_INT, Some("102400"), Change::Never),
    def("ssl.allow.dn.changes", ConfigType::Boolean, Some("false"), Change::Never),
    def("ssl.allow.san.changes", ConfigType::Boolean, Some("false"), Change::Never),
    def("ssl.cipher.suites", LIST, Some(""), Change::PerBroker),
    def("ssl.client.auth", ConfigType::OneOf(&["required", "requested", "none"]), Some("none"), Change::PerBroker),
    def("ssl.enabled.protocols", LIST, Some("TLSv1.2,TLSv1.3"), Change::PerBroker),
    def("ssl.endpoint.identification.algorithm", TEXT, Some("https"), Change::PerBroker),
    def("ssl.engine.factory.class", TEXT, None, Change::PerBroker),
    def("ssl.key.password", ConfigType::Password, None, Change::PerListener),
    def("ssl.keymanager.algorithm", TEXT, Some("SunX509"), Change::PerBroker),
    def("ssl.keystore.certificate.chain", ConfigType::Password, None, Change::PerListener),
    def("ssl.keystore.key", ConfigType::Password, None, Change::PerListener),
    def("ssl.keystore.location", TEXT, None, Change::PerListener),
    def("ssl.keystore.password", ConfigType::Password, None, Change::PerListener),
    def("ssl.keystore.type", TEXT, Some("JKS"), Change::PerListener),
    def("ssl.principal.mapping.rules", TEXT, Some("DEFAULT"), Change::Never),
    def("ssl.protocol", TEXT, Some("TLSv1.3"), Change::PerBroker),
    def("ssl.provider", TEXT, None, Change::PerBroker),
    def("ssl.secure.random.implementation", TEXT, None, Change::PerBroker),
    def("ssl.trustmanager.algorithm", TEXT, Some("PKIX"), Change::PerBroker),
    def("ssl.truststore.certificates", ConfigType::Password, None, Change::PerListener),
    def("ssl.truststore.location", TEXT, None, Change::PerListener),
    def("ssl.truststore.password", ConfigType::Password, None, Change::PerListener),
    def("ssl.truststore.type", TEXT, Some("JKS"), Change::PerListener),
    def("telemetry.max.bytes", ANY_INT, Some("1048576"), Change::Never),
    def("transaction.abort.timed.out.transaction.cleanup.interval.ms", ANY_INT, Some("10000"), Change::Never),
    def("transaction.max.timeout.ms", ANY_INT, Some("900000"), Change::Never),
    def("transaction.partition.verification.enable", ConfigType::Boolean, Some("true"), Change::Anywhere),
    def("transaction.remove.expired.transaction.cleanup.interval.ms", ANY_INT, Some("3600000"), Change::Never),
    def("transaction.state.log.load.buffer.size", ANY_INT, Some("5242880"), Change::Never),
    def("transaction.state.log.min.isr", ANY_INT, Some("2"), Change::Never),
    def("transaction.state.log.num.partitions", ANY_INT, Some("50"), Change::Never),
    def("transaction.state.log.replication.factor", SHORT, Some("3"), Change::Never),
    def("transaction.state.log.segment.bytes", ANY_INT, Some("104857600"), Change::Never),
    def("transaction.two.phase.commit.enable", ConfigType::Boolean, Some("false"), Change::Never),
    def("transactional.id.expiration.ms", ANY_INT, Some("604800000"), Change::Never),
    def("unclean.leader.election.enable", ConfigType::Boolean, Some("false"), Change::Anywhere),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ascend_and_defaults_are_values_of_their_types() {
        assert!(BROKER_CONFIGS.is_sorted_by(|a, b| a.name < b.name));
        for def in broker_configs() {
            let Some(default) = def.default else { continue };
            let value = def.kind.parse(def.name, default).unwrap();
            assert_eq!(def.kind.check(def.name, &value), Ok(()), "{}", def.name);
            assert_eq!(value.to_string(), default, "{}", def.name);
        }
        assert_eq!(broker_config("message.max.bytes").unwrap().default, Some("1048588"));
        assert_eq!(broker_config("nosuch"), None);
    }

    #[test]
    fn what_topics_fall_back_to_can_be_changed_on_a_running_broker() {
        for def in super::super::topic_configs() {
            if let Some(synonym) = def.synonyms.first() {
                assert_eq!(broker_config(synonym.name).unwrap().change, Change::Anywhere, "{}", def.name);
            }
        }
    }
}
