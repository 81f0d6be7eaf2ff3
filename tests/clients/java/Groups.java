// Groups of consumers: members that come and go under both protocols, and a share group.

import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.*;

final class Groups {
    private Groups() {}

    /** Two members of readers-PROTOCOL share four partitions, the second one leaves again. */
    static void story(String protocol) throws Exception {
        String topic = "work-" + protocol, group = "readers-" + protocol;
        try (Admin admin = Admin.create(Client.config())) {
            Client.createTopic(admin, topic, 4);
        }
        Set<String> seen = new HashSet<>();
        var first = member(protocol, group);
        var second = member(protocol, group);
        first.subscribe(List.of(topic));
        until(topic, first, 4, () -> poll(seen, first));
        Client.say("%s: one member has 4 partitions", protocol);

        second.subscribe(List.of(topic));
        Client.until("two members with 2 partitions each",
            () -> first.assignment().size() == 2 && second.assignment().size() == 2, () -> poll(seen, first, second));
        Client.say("%s: two members have 2 and 2 partitions", protocol);

        produce(topic, 0, 400);
        Client.until("400 records", () -> seen.size() == 400, () -> poll(seen, first, second));
        first.commitSync();
        second.commitSync();
        Client.say("%s: two members have read 400 records", protocol);

        second.close();
        until(topic, first, 4, () -> poll(seen, first));
        produce(topic, 400, 440);
        Client.until("40 records more", () -> seen.size() == 440, () -> poll(seen, first));
        first.commitSync();
        first.close();
        Client.say("%s: the one that stays has read 40 more", protocol);
        committed(topic, group);
    }

    private static KafkaConsumer<String, String> member(String protocol, String group) {
        Properties config = Client.config("group.id", group, "group.protocol", protocol, "auto.offset.reset", "earliest",
            "enable.auto.commit", "false");
        if (protocol.equals("classic")) config.put("heartbeat.interval.ms", "300");
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }

    private static void until(String topic, KafkaConsumer<?, ?> member, int count, Runnable poll) {
        Client.until(count + " partitions of " + topic, () -> member.assignment().size() == count, poll);
    }

    @SafeVarargs
    private static void poll(Set<String> seen, KafkaConsumer<String, String>... members) {
        for (var member : members) {
            for (var record : member.poll(Client.TICK)) Client.check(seen.add(record.value()), "twice: %s", record);
        }
    }

    static void produce(String topic, int from, int to) throws Exception {
        try (var producer = Client.producer("linger.ms", "5")) {
            for (int i = from; i < to; i++) producer.send(new ProducerRecord<>(topic, "key-" + i, "work " + i));
        }
    }

    /** A member that comes later reads nothing again; the group is described, and its offsets add up. */
    private static void committed(String topic, String group) throws Exception {
        try (Admin admin = Admin.create(Client.config())) {
            var offsets = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
            long read = offsets.values().stream().mapToLong(OffsetAndMetadata::offset).sum();
            var described = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
            Client.say("%s: %d partitions, %d read, %s, %s", group, offsets.size(), read, described.type(), described.groupState());
        }
    }

    /** Two members of a share group take records of the same partition; one gives its records back. */
    static void share() throws Exception {
        try (Admin admin = Admin.create(Client.config())) {
            Client.createTopic(admin, "shared", 1);
            var earliest = new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET);
            var group = new ConfigResource(ConfigResource.Type.GROUP, "sharers");
            admin.incrementalAlterConfigs(Map.of(group, List.of(earliest))).all().get();
        }
        produce("shared", 0, 100);
        Map<String, Integer> deliveries = new HashMap<>();
        Set<String> done = new HashSet<>();
        try (var first = sharer(); var second = sharer()) {
            List.of(first, second).forEach(member -> member.subscribe(List.of("shared")));
            Client.until("100 shared records", () -> done.size() == 100, () -> {
                for (var member : List.of(first, second)) {
                    for (var record : member.poll(Client.TICK)) {
                        boolean again = deliveries.merge(record.value(), 1, Integer::sum) == 1 && record.offset() % 10 == 0;
                        member.acknowledge(record, again ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT);
                        if (!again) Client.check(done.add(record.value()), "twice: %s", record);
                    }
                    member.commitSync().values().forEach(e -> e.ifPresent(error -> { throw error; }));
                }
            });
        }
        long twice = deliveries.values().stream().filter(count -> count == 2).count();
        Client.say("share: 100 records accepted, %d of them after a release", twice);
        try (Admin admin = Admin.create(Client.config())) {
            var described = admin.describeShareGroups(List.of("sharers")).all().get().get("sharers");
            Client.say("share: sharers is %s", described.groupState());
        }
    }

    private static ShareConsumer<String, String> sharer() {
        var config = Client.config("group.id", "sharers", "share.acknowledgement.mode", "explicit");
        return new KafkaShareConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }
}
