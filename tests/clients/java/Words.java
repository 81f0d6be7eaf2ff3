// The other ends of WordCount.
//
//   Words create        the topics
//   Words write N       N lines of four words, three of them the same ones
//   Words read N        waits until the counts of those three words are N each, read_committed, and that none was more
//   Words topics        the topics that Streams has made

import java.util.*;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;

public class Words {
    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "create" -> create();
            case "write" -> write(Integer.parseInt(args[1]));
            case "read" -> read(Long.parseLong(args[1]));
            case "topics" -> topics();
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static void create() throws Exception {
        try (Admin admin = Admin.create(Client.config())) {
            Client.createTopic(admin, "lines", 2);
            Client.createTopic(admin, "counts", 2);
        }
    }

    private static void write(int count) {
        try (var producer = Client.producer("linger.ms", "1")) {
            for (int i = 0; i < count; i++) producer.send(new ProducerRecord<>("lines", "line-" + i, "to be kafka w" + i));
        }
    }

    private static void read(long count) {
        Map<String, Long> counts = new TreeMap<>();
        Set<String> common = Set.of("to", "be", "kafka");
        var config = Client.config("auto.offset.reset", "earliest", "isolation.level", "read_committed");
        try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new LongDeserializer())) {
            consumer.assign(List.of(new TopicPartition("counts", 0), new TopicPartition("counts", 1)));
            Client.until("counts of " + count + ", not " + counts,
                () -> common.stream().allMatch(word -> counts.getOrDefault(word, 0L) >= count),
                () -> consumer.poll(Client.TICK).forEach(record -> {
                    long before = common.contains(record.key()) ? counts.getOrDefault(record.key(), 0L) : 0;
                    Client.check(record.value() > before, "%s went back from %d to %d", record.key(), before, record.value());
                    counts.put(record.key(), record.value());
                }));
        }
        common.forEach(word -> Client.check(counts.get(word) == count, "%s: %d", word, counts.get(word)));
        Client.say("streams: every word counted %d times", count);
    }

    private static void topics() throws Exception {
        try (Admin admin = Admin.create(Client.config())) {
            admin.listTopics().names().get().stream().filter(name -> name.startsWith("word-count")).sorted()
                .forEach(name -> Client.say("streams: %s", name));
        }
    }
}
