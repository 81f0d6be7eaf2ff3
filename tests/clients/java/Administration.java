// What the admin client sees and changes.

import java.util.*;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.*;

final class Administration {
    private Administration() {}

    static void story() throws Exception {
        try (Admin admin = Admin.create(Client.config())) {
            cluster(admin);
            topics(admin);
            configs(admin);
            records(admin);
            groups(admin);
            others(admin);
            admin.deleteTopics(List.of("shape")).all().get();
            Client.say("admin: shape is deleted, then %s",
                Client.errorOf(() -> admin.describeTopics(List.of("shape")).allTopicNames().get()));
        }
    }

    private static void cluster(Admin admin) throws Exception {
        var cluster = admin.describeCluster();
        Client.check(!cluster.clusterId().get().isEmpty(), "no cluster id");
        Client.say("admin: %d node, a controller: %b", cluster.nodes().get().size(), cluster.controller().get() != null);
        Client.say("admin: features %s", admin.describeFeatures().featureMetadata().get().finalizedFeatures().keySet().stream()
            .sorted().collect(Collectors.joining(" ")));
        var quorum = admin.describeMetadataQuorum().quorumInfo().get();
        Client.say("admin: %d voter", quorum.voters().size());
    }

    private static void topics(Admin admin) throws Exception {
        var shape = new NewTopic("shape", 2, (short) 1).configs(Map.of("retention.ms", "3600000"));
        var created = admin.createTopics(List.of(shape));
        Client.say("admin: shape has %d partitions", created.numPartitions("shape").get());
        Client.say("admin: again: %s", Client.errorOf(() -> admin.createTopics(List.of(shape)).all().get()));
        Client.say("admin: a bad name: %s",
            Client.errorOf(() -> admin.createTopics(List.of(new NewTopic("bad/name", 1, (short) 1))).all().get()));
        var checked = admin.createTopics(List.of(new NewTopic("checked", 1, (short) 1)), new CreateTopicsOptions().validateOnly(true));
        checked.all().get();
        Client.say("admin: only validated: %b", !admin.listTopics().names().get().contains("checked"));
        admin.createPartitions(Map.of("shape", NewPartitions.increaseTo(5))).all().get();
        var described = admin.describeTopics(List.of("shape")).allTopicNames().get().get("shape");
        Client.check(described.partitions().stream().allMatch(p -> p.leader() != null && p.isr().size() == 1), "%s", described);
        Client.say("admin: shape has %d partitions", described.partitions().size());
        Client.say("admin: fewer: %s",
            Client.errorOf(() -> admin.createPartitions(Map.of("shape", NewPartitions.increaseTo(1))).all().get()));
    }

    private static void configs(Admin admin) throws Exception {
        var topic = new ConfigResource(ConfigResource.Type.TOPIC, "shape");
        admin.incrementalAlterConfigs(Map.of(topic, List.of(
            new AlterConfigOp(new ConfigEntry("retention.ms", null), AlterConfigOp.OpType.DELETE),
            new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND)))).all().get();
        Config config = admin.describeConfigs(List.of(topic)).all().get().get(topic);
        Client.say("admin: retention.ms=%s cleanup.policy=%s of %s", config.get("retention.ms").value(),
            config.get("cleanup.policy").value(), config.get("cleanup.policy").source());
        Client.say("admin: nonsense: %s", Client.errorOf(() -> admin.incrementalAlterConfigs(Map.of(topic,
            List.of(new AlterConfigOp(new ConfigEntry("retention.ms", "soon"), AlterConfigOp.OpType.SET)))).all().get()));
        int node = admin.describeCluster().nodes().get().iterator().next().id();
        var broker = new ConfigResource(ConfigResource.Type.BROKER, String.valueOf(node));
        Client.say("admin: the broker's message.max.bytes=%s",
            admin.describeConfigs(List.of(broker)).all().get().get(broker).get("message.max.bytes").value());
    }

    private static void records(Admin admin) throws Exception {
        Client.createTopic(admin, "trimmed", 1);
        Groups.produce("trimmed", 0, 100);
        var partition = new TopicPartition("trimmed", 0);
        var low = admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(70))).lowWatermarks().get(partition).get();
        var first = admin.listOffsets(Map.of(partition, OffsetSpec.earliest())).partitionResult(partition).get();
        var last = admin.listOffsets(Map.of(partition, OffsetSpec.latest())).partitionResult(partition).get();
        var newest = admin.listOffsets(Map.of(partition, OffsetSpec.maxTimestamp())).partitionResult(partition).get();
        Client.say("admin: trimmed to %d: offsets %d to %d, the newest at most %b", low.lowWatermark(), first.offset(), last.offset(),
            newest.offset() < last.offset());
        Client.say("admin: too far: %s",
            Client.errorOf(() -> admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(101))).all().get()));
    }

    private static void groups(Admin admin) throws Exception {
        var partition = new TopicPartition("trimmed", 0);
        admin.alterConsumerGroupOffsets("idle", Map.of(partition, new org.apache.kafka.clients.consumer.OffsetAndMetadata(80, "here")))
            .all().get();
        var offset = admin.listConsumerGroupOffsets("idle").partitionsToOffsetAndMetadata().get().get(partition);
        Client.say("admin: idle stands at %d, %s", offset.offset(), offset.metadata());
        Client.say("admin: groups: %s", admin.listGroups().all().get().stream()
            .map(group -> group.groupId() + "/" + group.type().map(Object::toString).orElse("-")).sorted().toList());
        admin.deleteConsumerGroupOffsets("idle", Set.of(partition)).all().get();
        Client.say("admin: without offsets: %s", admin.listConsumerGroupOffsets("idle").partitionsToOffsetAndMetadata().get());
        Client.say("admin: deleting idle: %s", Client.errorOf(() -> admin.deleteConsumerGroups(List.of("idle")).all().get()));
        Client.say("admin: deleting nobody: %s", Client.errorOf(() -> admin.deleteConsumerGroups(List.of("nobody")).all().get()));
    }

    private static void others(Admin admin) throws Exception {
        Client.say("admin: acls: %s", Client.errorOf(() -> admin.describeAcls(AclBindingFilter.ANY).values().get()));
        var anyone = new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, "greedy"));
        admin.alterClientQuotas(List.of(new ClientQuotaAlteration(anyone,
            List.of(new ClientQuotaAlteration.Op("producer_byte_rate", 1e6))))).all().get();
        Client.say("admin: quotas of greedy: %s", admin.describeClientQuotas(ClientQuotaFilter.contains(
            List.of(ClientQuotaFilterComponent.ofEntity("client-id", "greedy")))).entities().get().get(anyone));
        admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("alice",
            new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), "secret"))).all().get();
        Client.say("admin: scram of alice: %s", admin.describeUserScramCredentials(List.of("alice")).description("alice").get()
            .credentialInfos().stream().map(info -> info.mechanism().mechanismName()).toList());
        int node = admin.describeCluster().nodes().get().iterator().next().id();
        var replicas = admin.describeLogDirs(List.of(node)).allDescriptions().get().get(node).values().iterator().next().replicaInfos();
        Client.say("admin: the log directory has shape: %b", replicas.containsKey(new TopicPartition("shape", 4)));
        Client.say("admin: electing: %s", Client.errorOf(() -> admin.electLeaders(org.apache.kafka.common.ElectionType.PREFERRED,
            Set.of(new TopicPartition("shape", 0))).all().get()));
        Client.say("admin: reassignments: %s", admin.listPartitionReassignments().reassignments().get());
    }
}
